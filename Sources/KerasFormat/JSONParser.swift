/// A recursive-descent parser of RFC 8259 and of the three words Python adds.
struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0
    private var valueCount = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// One value with nothing but space around it.
    mutating func document() throws(JSONError) -> JSONValue {
        guard bytes.count <= JSONDocument.sizeLimit else {
            throw JSONError(problem: .tooLarge, position: JSONDocument.sizeLimit)
        }
        let root = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw unexpected() }
        return root
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        skipSpace()
        valueCount += 1
        guard depth < JSONDocument.depthLimit else {
            throw JSONError(problem: .tooDeep, position: position)
        }
        guard valueCount <= JSONDocument.valueLimit else {
            throw JSONError(problem: .tooLarge, position: position)
        }
        let start = position
        let content = try content(depth: depth)
        return JSONValue(content: content, range: start..<position)
    }

    private mutating func content(depth: Int) throws(JSONError) -> JSONValue.Content {
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try word("true")
            return .boolean(true)
        case UInt8(ascii: "f"):
            try word("false")
            return .boolean(false)
        case UInt8(ascii: "n"):
            try word("null")
            return .null
        case UInt8(ascii: "N"):
            try word("NaN")
            return .number("NaN")
        case UInt8(ascii: "I"):
            try word("Infinity")
            return .number("Infinity")
        default: return .number(try number())
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue.Content {
        position += 1
        var members: [JSONMember] = []
        var keys: Set<String> = []
        skipSpace()
        if take("}") { return .object([]) }
        while true {
            skipSpace()
            let start = position
            let key = try string()
            guard keys.insert(key).inserted else {
                throw JSONError(problem: .duplicateKey(key), position: start)
            }
            skipSpace()
            guard take(":") else { throw unexpected() }
            members.append(JSONMember(key: key, value: try value(depth: depth + 1)))
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw unexpected() }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue.Content {
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take("]") { return .array([]) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw unexpected() }
        }
    }

    private mutating func number() throws(JSONError) -> String {
        let start = position
        if take("-"), current == UInt8(ascii: "I") {
            try word("Infinity")
            return "-Infinity"
        }
        while let byte = current, Self.isNumeric(byte) { position += 1 }
        guard position > start else { throw unexpected() }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard bytes[position - 1] != UInt8(ascii: "."), Double(text) != nil,
            text.first != "+", text.first != "."
        else { throw JSONError(problem: .invalidNumber(String(text.prefix(40))), position: start) }
        return text
    }

    private static func isNumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "e"),
            UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private mutating func string() throws(JSONError) -> String {
        guard take("\"") else { throw unexpected() }
        var text: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20:
                position -= 1
                throw unexpected()
            default: text.append(byte)
            }
        }
        throw unexpected()
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard let byte = current else { throw unexpected() }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            text.append(contentsOf: String(try codePoint()).utf8)
        default:
            position -= 1
            throw unexpected()
        }
    }

    /// A `\u` escape, or two that are the halves of one character; half a character becomes U+FFFD.
    private mutating func codePoint() throws(JSONError) -> Character {
        let first = try fourDigits()
        let replacement = Character("\u{FFFD}")
        guard (0xD800..<0xDC00).contains(first) else {
            return Unicode.Scalar(first).map(Character.init) ?? replacement
        }
        let after = position
        guard take("\\"), take("u") else {
            position = after
            return replacement
        }
        let second = try fourDigits()
        guard (0xDC00..<0xE000).contains(second) else {
            position = after
            return replacement
        }
        let code = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
        return Unicode.Scalar(code).map(Character.init) ?? replacement
    }

    private mutating func fourDigits() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw unexpected() }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = current, UInt32(byte) == character.value else { return false }
        position += 1
        return true
    }

    private mutating func word(_ expected: String) throws(JSONError) {
        for byte in expected.utf8 {
            guard current == byte else { throw unexpected() }
            position += 1
        }
    }

    private mutating func skipSpace() {
        while let byte = current, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { position += 1 }
    }

    private func unexpected() -> JSONError {
        JSONError(
            problem: current.map { .unexpectedByte($0) } ?? .unexpectedEnd,
            position: position
        )
    }
}
