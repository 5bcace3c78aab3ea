/// Why a job could not be done, for a program and for a person.
public struct JobFailure: Error, Hashable, Sendable, Codable {
    /// The stable name of the fault.
    public var code: String
    /// What was received and what was expected.
    public var message: String
    /// What to do.
    public var hint: String
    /// The names and numbers in the message.
    public var context: [String: String]

    /// Makes a failure.
    public init(code: String, message: String, hint: String, context: [String: String] = [:]) {
        self.code = code
        self.message = message
        self.hint = hint
        self.context = context
    }
}
