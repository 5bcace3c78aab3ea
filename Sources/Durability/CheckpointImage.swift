/// What is wrong with a checkpoint file.
public enum CheckpointDamage: Error, Hashable, Sendable {
    /// The file does not begin as a checkpoint does.
    case notACheckpoint
    /// The file is shorter or longer than its header says.
    case length(expected: UInt64, found: UInt64, generation: UInt64)
    /// The bytes are not the ones that were written.
    case hash(expected: String, found: String, generation: UInt64)

    /// Whether the damaged file claims to be newer, or cannot say.
    func isNewer(than generation: UInt64) -> Bool {
        switch self {
        case .notACheckpoint: true
        case .length(_, _, let claimed), .hash(_, _, let claimed): claimed > generation
        }
    }
}

/// One checkpoint file as bytes.
///
/// All numbers are little-endian. Offset, length, content:
/// - 0, 8: the magic `ESPALCKP`
/// - 8, 4: the format version
/// - 12, 4: the length of the identity in bytes
/// - 16, 8: the generation
/// - 24, 8: the length of the payload in bytes
/// - 32, 32: SHA-256 of bytes 0..<32, the identity and the payload
/// - 64: the identity (UTF-8), then the payload
struct CheckpointImage: Hashable {
    static let magic = Array("ESPALCKP".utf8)
    static let newestVersion: UInt32 = 1
    static let headerLength = 64

    var version = newestVersion
    var generation: UInt64
    var identity: String
    var payload: [UInt8]

    init(generation: UInt64, identity: String, payload: [UInt8]) {
        self.generation = generation
        self.identity = identity
        self.payload = payload
    }

    var bytes: [UInt8] {
        let name = Array(identity.utf8)
        var head = Self.magic
        head += littleEndian(version) + littleEndian(UInt32(name.count))
        head += littleEndian(generation) + littleEndian(UInt64(payload.count))
        var result: [UInt8] = []
        result.reserveCapacity(Self.headerLength + name.count + payload.count)
        result += head
        result += Self.digest(head: head[...], body: [name[...], payload[...]]).bytes
        result += name
        result += payload
        return result
    }

    static func decode(_ bytes: [UInt8]) -> Result<CheckpointImage, CheckpointDamage> {
        guard bytes.count >= headerLength, bytes.starts(with: magic) else {
            return .failure(.notACheckpoint)
        }
        let generation: UInt64 = number(bytes, at: 16)
        let nameLength: UInt32 = number(bytes, at: 12)
        let payloadLength: UInt64 = number(bytes, at: 24)
        let rest = UInt64(bytes.count - headerLength)
        let (expected, overflow) = UInt64(nameLength).addingReportingOverflow(payloadLength)
        guard !overflow, expected == rest else {
            return .failure(
                .length(
                    expected: overflow ? .max : expected,
                    found: rest,
                    generation: generation
                )
            )
        }
        let found = digest(head: bytes[..<32], body: [bytes[headerLength...]])
        guard found.bytes.elementsEqual(bytes[32..<64]) else {
            let written = SHA256.Digest(bytes: Array(bytes[32..<64]))?.description ?? ""
            return .failure(
                .hash(expected: written, found: found.description, generation: generation)
            )
        }
        let start = headerLength + Int(nameLength)
        var image = CheckpointImage(
            generation: generation,
            identity: String(decoding: bytes[headerLength..<start], as: UTF8.self),
            payload: Array(bytes[start...])
        )
        image.version = number(bytes, at: 8)
        return .success(image)
    }

    private static func digest(
        head: ArraySlice<UInt8>,
        body: [ArraySlice<UInt8>]
    ) -> SHA256.Digest {
        var hash = SHA256()
        for part in [head] + body { part.withUnsafeBytes { hash.update($0) } }
        return hash.finish()
    }

    private static func number<Integer: FixedWidthInteger>(
        _ bytes: [UInt8],
        at offset: Int
    ) -> Integer {
        let length = Integer.bitWidth / 8
        return bytes[offset..<offset + length].reversed().reduce(0) { $0 << 8 | Integer($1) }
    }
}

private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
