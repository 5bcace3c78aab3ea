import CZlib

/// Why a file is no archive that can be read.
public enum ZipError: Error, Hashable, Sendable {
    /// The end of the archive is not there: no archive, or one cut off.
    case noEnd
    /// An entry, or the archive's own list where it has no name, does not hold what it should.
    case damaged(entry: String, problem: String)
    /// An entry uses a feature that is not read here.
    case unsupported(entry: String, feature: String)
    /// The entries would fill more than the given number of bytes.
    case tooLarge(limit: Int)
}

/// The entries of a zip archive, whole and in order; stored and deflated entries are read, stored ones written.
///
/// Source: PKWARE, ".ZIP File Format Specification" 6.3.10, sections 4.3 and 4.4.
public struct ZipArchive: Sendable {
    /// One file in the archive.
    public struct Entry: Sendable {
        /// The path with forward slashes.
        public var name: String
        /// The file's bytes.
        public var bytes: [UInt8]
        /// MS-DOS time and date, kept so that an unchanged archive is written alike.
        var modified: UInt32

        /// Makes an entry of the earliest time the format knows.
        public init(name: String, bytes: [UInt8]) {
            self.name = name
            self.bytes = bytes
            modified = 0x0021_0000
        }
    }

    /// The entries in the archive's order.
    public var entries: [Entry]

    /// Makes an archive of the given entries.
    public init(entries: [Entry]) {
        self.entries = entries
    }

    /// Whether a file begins as an archive does.
    public static func isArchive(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.prefix(4).elementsEqual([0x50, 0x4B, 3, 4])
    }

    /// The most bytes before the end of a file that can belong to its end record: the record and a comment.
    public static let endLength = 22 + Int(UInt16.max)

    /// Whether the last bytes of a file hold an archive's end, which is written last.
    public static func hasEnd(tail: [UInt8]) -> Bool { end(in: tail) != nil }

    /// The bytes of an entry, or nil where there is none of that name.
    public subscript(name: String) -> [UInt8]? { entries.first { $0.name == name }?.bytes }

    /// Reads a whole archive.
    ///
    /// - Parameters:
    ///   - image: The bytes of the file.
    ///   - limit: The most bytes all entries together may have.
    /// - Throws: ``ZipError``.
    public init(_ image: [UInt8], limit: Int) throws(ZipError) {
        guard let end = Self.end(in: image) else { throw .noEnd }
        let count = Int(image.unsigned16(end + 10))
        var place = Int(image.unsigned32(end + 16))
        guard count != 0xFFFF, place != 0xFFFF_FFFF else {
            throw .unsupported(entry: "", feature: "an archive beyond 4 GiB")
        }
        entries = []
        var remaining = limit
        for _ in 0..<count {
            let header = try CentralHeader(image, at: place, before: end)
            place += header.length
            remaining -= header.size
            guard remaining >= 0 else { throw .tooLarge(limit: limit) }
            var entry = Entry(name: header.name, bytes: try header.contents(in: image))
            entry.modified = header.modified
            entries.append(entry)
        }
    }

    /// The position of the end record: the last signature whose comment ends with the file.
    private static func end(in image: [UInt8]) -> Int? {
        guard image.count >= 22 else { return nil }
        for place in stride(
            from: image.count - 22,
            through: max(0, image.count - endLength),
            by: -1
        )
        where image[place] == 0x50 && image.unsigned32(place) == 0x0605_4B50
            && place + 22 + Int(image.unsigned16(place + 20)) == image.count
        {
            return place
        }
        return nil
    }
}

/// One line of an archive's list.
private struct CentralHeader {
    let name: String
    /// Bytes of the line itself.
    let length: Int
    let size: Int
    let modified: UInt32
    private let storedSize: Int
    private let method: UInt16
    private let checksum: UInt32
    private let start: Int

    init(_ image: [UInt8], at place: Int, before end: Int) throws(ZipError) {
        guard place >= 0, place + 46 <= end, image.unsigned32(place) == 0x0201_4B50 else {
            throw .damaged(entry: "", problem: "its list is cut off")
        }
        let nameLength = Int(image.unsigned16(place + 28))
        length =
            46 + nameLength + Int(image.unsigned16(place + 30))
            + Int(image.unsigned16(place + 32))
        guard place + length <= end else {
            throw .damaged(entry: "", problem: "its list is cut off")
        }
        name = String(decoding: image[place + 46..<place + 46 + nameLength], as: UTF8.self)
        guard image.unsigned16(place + 8) & 1 == 0 else {
            throw .unsupported(entry: name, feature: "encryption")
        }
        method = image.unsigned16(place + 10)
        modified = image.unsigned32(place + 12)
        checksum = image.unsigned32(place + 16)
        storedSize = Int(image.unsigned32(place + 20))
        size = Int(image.unsigned32(place + 24))
        start = Int(image.unsigned32(place + 42))
        guard [storedSize, size, start].allSatisfy({ $0 != 0xFFFF_FFFF }) else {
            throw .unsupported(entry: name, feature: "an archive beyond 4 GiB")
        }
    }

    /// The entry's bytes, whose checksum has been found right.
    func contents(in image: [UInt8]) throws(ZipError) -> [UInt8] {
        guard start + 30 <= image.count, image.unsigned32(start) == 0x0403_4B50 else {
            throw .damaged(entry: name, problem: "it has no beginning")
        }
        let first =
            start + 30 + Int(image.unsigned16(start + 26)) + Int(image.unsigned16(start + 28))
        guard first + storedSize <= image.count else {
            throw .damaged(entry: name, problem: "it is cut off")
        }
        let bytes: [UInt8]
        switch method {
        case 0:
            guard storedSize == size else {
                throw .damaged(entry: name, problem: "it has two sizes")
            }
            bytes = Array(image[first..<first + size])
        case 8: bytes = try inflated(image[first..<first + storedSize])
        default: throw .unsupported(entry: name, feature: "compression method \(method)")
        }
        guard ZipArchive.checksum(bytes) == checksum else {
            throw .damaged(entry: name, problem: "its checksum is wrong")
        }
        return bytes
    }

    private func inflated(_ source: ArraySlice<UInt8>) throws(ZipError) -> [UInt8] {
        // Deflate cannot grow beyond this: a small file must not ask for all memory.
        guard size <= source.count * 1032 + 64 else {
            throw .damaged(entry: name, problem: "its size cannot be right")
        }
        var isWhole = false
        let bytes = [UInt8](unsafeUninitializedCapacity: max(size, 1)) { target, count in
            isWhole = source.withUnsafeBufferPointer { source in
                cz_inflate(
                    source.baseAddress,
                    UInt32(source.count),
                    target.baseAddress,
                    UInt32(size)
                ) == 1
            }
            count = isWhole ? size : 0
        }
        guard isWhole else { throw .damaged(entry: name, problem: "it cannot be inflated") }
        return bytes
    }
}

extension ZipArchive {
    /// The CRC-32 of the format.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32_z(0, bytes, bytes.count))
    }
}

extension [UInt8] {
    /// The two bytes at a position as a little-endian number; the position must be inside.
    func unsigned16(_ position: Int) -> UInt16 {
        UInt16(self[position]) | UInt16(self[position + 1]) << 8
    }

    /// The four bytes at a position as a little-endian number; the position must be inside.
    func unsigned32(_ position: Int) -> UInt32 {
        UInt32(unsigned16(position)) | UInt32(unsigned16(position + 2)) << 16
    }
}
