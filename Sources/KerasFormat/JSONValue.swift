/// A value in a JSON text, with the place where it stands.
///
/// Order of keys, spelling of numbers and everything between values live in the text, which ``JSONDocument`` edits in
/// place; this tree is for reading.
public struct JSONValue: Sendable {
    /// What the value is.
    public indirect enum Content: Sendable {
        /// `null`.
        case null
        /// `true` or `false`.
        case boolean(Bool)
        /// A number as it is spelled, also Python's `NaN`, `Infinity` and `-Infinity`.
        case number(String)
        /// Text without its quotes and escapes.
        case string(String)
        /// A list.
        case array([JSONValue])
        /// Keys with values in their order.
        case object([JSONMember])
    }

    /// What the value is.
    public let content: Content
    /// The bytes of the text it takes up.
    public let range: Range<Int>
}

/// One key of an object with its value.
public struct JSONMember: Sendable {
    /// The key without quotes and escapes.
    public let key: String
    /// The value.
    public let value: JSONValue
}

extension JSONValue {
    /// The value of a key, or nil where this is no object or has no such key.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let members) = content else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// Whether this is `null`.
    public var isNull: Bool {
        if case .null = content { true } else { false }
    }

    /// The text, where this is a string.
    public var string: String? {
        if case .string(let text) = content { text } else { nil }
    }

    /// The truth value, where this is one.
    public var boolean: Bool? {
        if case .boolean(let value) = content { value } else { nil }
    }

    /// The elements, where this is a list.
    public var array: [JSONValue]? {
        if case .array(let elements) = content { elements } else { nil }
    }

    /// The members, where this is an object.
    public var members: [JSONMember]? {
        if case .object(let members) = content { members } else { nil }
    }

    /// The number, where this is one.
    public var number: Double? {
        guard case .number(let text) = content else { return nil }
        return Double(text)
    }

    /// The number, where this is a whole one that fits.
    public var integer: Int? {
        guard case .number(let text) = content else { return nil }
        return Int(text) ?? Double(text).flatMap(Int.init(exactly:))
    }

    /// A short name for error messages: scalars as they are, the rest by kind.
    public var summary: String {
        switch content {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .number(let text): String(text.prefix(40))
        case .string(let text): "\"\(text.prefix(80))\""
        case .array(let elements):
            elements.count <= 8
                ? "[" + elements.map(\.summary).joined(separator: ", ") + "]"
                : "a list of \(elements.count)"
        case .object(let members):
            self["class_name"]?.string.map { "an object of class \($0)" }
                ?? "an object of \(members.count) keys"
        }
    }
}
