/// A JSON text that can be read, and edited in place without touching anything else in it.
public struct JSONDocument: Sendable {
    /// The replacement of one value.
    public struct Edit: Sendable {
        /// The bytes that go.
        public var range: Range<Int>
        /// What comes in their place.
        public var text: String

        /// Makes an edit.
        public init(range: Range<Int>, text: String) {
            self.range = range
            self.text = text
        }
    }

    /// Values may be nested this deep.
    public static let depthLimit = 128
    /// The longest text in bytes.
    public static let sizeLimit = 1 << 25
    /// The most values in one text.
    public static let valueLimit = 1 << 21

    /// The text.
    public let text: String
    /// The outermost value.
    public let root: JSONValue

    /// Parses a text.
    public init(_ text: String) throws(JSONError) {
        self.text = text
        var parser = JSONParser(bytes: Array(text.utf8))
        root = try parser.document()
    }

    /// The text with some values replaced; of edits that overlap the first wins.
    public func applying(_ edits: [Edit]) -> String {
        guard !edits.isEmpty else { return text }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var position = 0
        for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound })
        where edit.range.lowerBound >= position {
            result.append(contentsOf: bytes[position..<edit.range.lowerBound])
            result.append(contentsOf: edit.text.utf8)
            position = edit.range.upperBound
        }
        result.append(contentsOf: bytes[position...])
        return String(decoding: result, as: UTF8.self)
    }
}
