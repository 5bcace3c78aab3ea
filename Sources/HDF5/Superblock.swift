/// What the first bytes of an HDF5 file say about the whole.
///
/// Source: HDF5 File Format Specification 3.0, section II.A.
struct Superblock {
    /// The stored length of the file in bytes, counted from its first byte.
    var endOfFile: UInt64

    static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

    /// Reads the superblock from the beginning of a file, behind a user block if there is one.
    init(header: [UInt8], length: UInt64) throws(HDF5Error) {
        guard let start = Self.start(in: header) else {
            let isPrefix = header.count < 8 && Self.signature.starts(with: header)
            throw isPrefix ? .truncated(stored: 96, found: length) : .notHDF5
        }
        let fields = Fields(bytes: header[start...])
        guard let version = fields.byte(8) else { throw .truncated(stored: 96, found: length) }
        let widthAt: Int
        let baseAddressAt: Int
        switch version {
        case 0: (widthAt, baseAddressAt) = (13, 24)
        case 1: (widthAt, baseAddressAt) = (13, 28)
        case 2, 3: (widthAt, baseAddressAt) = (9, 12)
        default:
            throw .unsupported(path: "/", feature: "superblock version \(version)")
        }
        guard let width = fields.byte(widthAt) else {
            throw .truncated(stored: 96, found: length)
        }
        guard [2, 4, 8].contains(width) else {
            throw .unsupported(path: "/", feature: "addresses of \(width) bytes")
        }
        guard let end = fields.number(baseAddressAt + 2 * Int(width), width: Int(width)) else {
            throw .truncated(stored: 96, found: length)
        }
        endOfFile = end
    }

    /// The signature is at 0, 512, 1024, 2048 and so on, doubling.
    private static func start(in header: [UInt8]) -> Int? {
        var start = 0
        while start + signature.count <= header.count {
            if header[start...].starts(with: signature) { return start }
            start = start == 0 ? 512 : start * 2
        }
        return nil
    }

    private struct Fields {
        var bytes: ArraySlice<UInt8>

        func byte(_ offset: Int) -> UInt8? {
            let index = bytes.startIndex + offset
            return index < bytes.endIndex ? bytes[index] : nil
        }

        func number(_ offset: Int, width: Int) -> UInt64? {
            let first = bytes.startIndex + offset
            guard first + width <= bytes.endIndex else { return nil }
            return bytes[first..<first + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }
}
