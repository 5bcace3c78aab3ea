import Foundation

/// How values of the public contract become JSON and back: keys in snake_case, sorted, so that equal values give equal bytes.
public enum JSONText {
    /// A value as JSON bytes with a newline at the end; numbers that are not finite become text.
    public static func bytes(of value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        do {
            return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
        } catch {
            preconditionFailure("a value of ours cannot be encoded: \(error)")
        }
    }

    /// A value as JSON text.
    public static func text(of value: some Encodable) -> String {
        String(decoding: bytes(of: value), as: UTF8.self)
    }

    /// Reads what ``bytes(of:)`` wrote.
    ///
    /// - Throws: `DecodingError` where the bytes are something else.
    public static func value<Value: Decodable>(
        _ type: Value.Type,
        from bytes: [UInt8]
    ) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        return try decoder.decode(type, from: Data(bytes))
    }
}
