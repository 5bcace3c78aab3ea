/// Where a job stands in the queue: a higher priority before a lower, an older drop before a newer, then by name.
public struct JobRank: Comparable, Hashable, Sendable {
    /// The spec's `priority`.
    public var priority: Int
    /// When the drop came, in nanoseconds of the file system's clock.
    public var arrivedNanoseconds: Int64
    /// What decides between equals, so that the order is one.
    public var name: String

    /// Makes a rank.
    public init(priority: Int, arrivedNanoseconds: Int64, name: String) {
        self.priority = priority
        self.arrivedNanoseconds = arrivedNanoseconds
        self.name = name
    }

    /// Whether the left is begun first.
    public static func < (left: JobRank, right: JobRank) -> Bool {
        (right.priority, left.arrivedNanoseconds, left.name)
            < (left.priority, right.arrivedNanoseconds, right.name)
    }
}
