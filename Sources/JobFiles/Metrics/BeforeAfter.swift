/// One thing of the teacher and the same of the student.
public struct BeforeAfter<Value: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
    /// The teacher's.
    public var before: Value
    /// The student's.
    public var after: Value

    /// Puts two side by side.
    public init(before: Value, after: Value) {
        self.before = before
        self.after = after
    }
}

extension BeforeAfter where Value == Int {
    /// The student's share of the teacher's; 1 where the teacher has none.
    public var share: Double { before == 0 ? 1 : Double(after) / Double(before) }
}
