/// Why a text is not JSON, and at which byte.
public struct JSONError: Error, Hashable, Sendable {
    /// What was found.
    public enum Problem: Hashable, Sendable {
        /// The text ends within a value.
        case unexpectedEnd
        /// A byte that cannot stand here.
        case unexpectedByte(UInt8)
        /// Values are nested deeper than ``JSONDocument/depthLimit``.
        case tooDeep
        /// The text is longer than ``JSONDocument/sizeLimit`` or has more values than ``JSONDocument/valueLimit``.
        case tooLarge
        /// An object has a key twice.
        case duplicateKey(String)
        /// Something that begins like a number and is none.
        case invalidNumber(String)
    }

    /// What was found.
    public let problem: Problem
    /// The byte of the text, counted from zero.
    public let position: Int
}
