/// One thing wrong with a spec.
public struct SpecFault: Sendable, Hashable, Codable {
    /// The JSON pointer of the place.
    public var pointer: String
    /// What is wrong there.
    public var message: String
    /// What to do about it.
    public var hint: String
}

/// Everything wrong with a spec, reported at once.
public struct SpecError: Error, Sendable, Hashable {
    /// The faults, in the order of the text.
    public var faults: [SpecFault]
}
