import CHDF5
import Glibc

/// An HDF5 file: an image in memory to read, a file on disk to read, or a new one in memory to fill.
///
/// Nothing is ever written to disk: ``image()`` gives the bytes, and whoever stores them does so atomically.
/// Objects of the file stay usable after the file value is gone; all are closed with their last reference.
public final class HDF5File: Sendable {
    private let identifier: Identifier

    /// The group everything else is in.
    public let root: HDF5Group

    private init(identifier: Identifier) throws(HDF5Error) {
        self.identifier = identifier
        root = try HDF5Group(
            identifier: Identifier(
                H5Gopen2(identifier.number, "/", ch5_p_default()),
                operation: "open",
                path: "/",
                close: { H5Gclose($0) }
            ),
            path: "/"
        )
    }

    /// Opens a whole file that is in memory.
    ///
    /// - Throws: ``HDF5Error/notHDF5`` or ``HDF5Error/truncated(stored:found:)`` where the first bytes show it.
    public convenience init(image: [UInt8]) throws(HDF5Error) {
        try Self.checkHeader(Array(image.prefix(Self.headerLength)), length: UInt64(image.count))
        let identifier = try Library.locked { () throws(HDF5Error) in
            let access = try Self.memoryAccess(increment: 1 << 16)
            let status = image.withUnsafeBytes { bytes in
                H5Pset_file_image(
                    access.number,
                    UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                    bytes.count
                )
            }
            try Library.check(status, "take in the image of", "/")
            return try Identifier(
                H5Fopen(Library.nextImageName(), ch5_acc_rdonly(), access.number),
                operation: "open the image of",
                path: "/",
                close: { H5Fclose($0) }
            )
        }
        try self.init(identifier: identifier)
    }

    /// Opens a file on disk for reading, without reading it whole.
    ///
    /// - Throws: ``HDF5Error/unreadable(file:errorNumber:)`` where the system refuses, and as ``init(image:)``.
    public convenience init(readingPath path: String) throws(HDF5Error) {
        let (header, length) = try Self.readHeader(path)
        try Self.checkHeader(header, length: length)
        let identifier = try Library.locked { () throws(HDF5Error) in
            let access = try Identifier.propertyList(
                H5Pcreate(ch5_p_file_access()),
                operation: "open",
                path: path
            )
            try Library.check(ch5_without_locking(access.number), "open", path)
            return try Identifier(
                H5Fopen(path, ch5_acc_rdonly(), access.number),
                operation: "open",
                path: path,
                close: { H5Fclose($0) }
            )
        }
        try self.init(identifier: identifier)
    }

    /// Makes an empty file in memory.
    ///
    /// No times are stored, so that equal content gives equal bytes.
    public static func create() throws(HDF5Error) -> HDF5File {
        let identifier = try Library.locked { () throws(HDF5Error) in
            let access = try memoryAccess(increment: 1 << 20)
            // The earliest format cannot hold an attribute above 64 KiB; 1.8's can.
            try Library.check(
                H5Pset_libver_bounds(access.number, ch5_libver_v18(), ch5_libver_latest()),
                "create",
                "/"
            )
            let creation = try Identifier.propertyList(
                H5Pcreate(ch5_p_file_create()),
                operation: "create",
                path: "/"
            )
            try Library.check(H5Pset_obj_track_times(creation.number, false), "create", "/")
            return try Identifier(
                H5Fcreate(
                    Library.nextImageName(),
                    ch5_acc_trunc(),
                    creation.number,
                    access.number
                ),
                operation: "create",
                path: "/",
                close: { H5Fclose($0) }
            )
        }
        return try HDF5File(identifier: identifier)
    }

    /// The bytes of the whole file as it stands.
    public func image() throws(HDF5Error) -> [UInt8] {
        try Library.locked { () throws(HDF5Error) in
            try Library.check(
                H5Fflush(identifier.number, H5F_SCOPE_GLOBAL),
                "finish the image of",
                "/"
            )
            let size = Int(
                try Library.check(
                    H5Fget_file_image(identifier.number, nil, 0),
                    "measure the image of",
                    "/"
                )
            )
            var written = 0
            var bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                written = H5Fget_file_image(identifier.number, buffer.baseAddress, size)
                count = max(written, 0)
            }
            try Library.check(written, "copy the image of", "/")
            SuperblockChecksum.repair(&bytes)
            return bytes
        }
    }

    private static func memoryAccess(increment: Int) throws(HDF5Error) -> Identifier {
        let access = try Identifier.propertyList(
            H5Pcreate(ch5_p_file_access()),
            operation: "open in memory",
            path: "/"
        )
        try Library.check(
            H5Pset_fapl_core(access.number, increment, false),
            "open in memory",
            "/"
        )
        return access
    }
}

extension HDF5File {
    /// How many of a file's first bytes ``checkHeader(_:length:)`` should be given.
    public static let headerLength = 4096

    /// Checks that a file is HDF5 and as long as it says itself, before anything is opened.
    ///
    /// - Parameters:
    ///   - header: The first ``headerLength`` bytes, or all where there are fewer.
    ///   - length: The length of the whole file in bytes.
    /// - Throws: ``HDF5Error/notHDF5``, ``HDF5Error/truncated(stored:found:)``, or
    ///   ``HDF5Error/unsupported(path:feature:)`` for a format newer than is known here.
    public static func checkHeader(_ header: [UInt8], length: UInt64) throws(HDF5Error) {
        let superblock = try Superblock(header: header, length: length)
        guard superblock.endOfFile <= length else {
            throw .truncated(stored: superblock.endOfFile, found: length)
        }
    }

    /// The files, groups, datasets, datatypes and attributes open in this process: for tests that none leaks.
    public static var openObjectCount: Int { Library.openObjectCount() }

    private static func readHeader(
        _ path: String
    ) throws(HDF5Error) -> (header: [UInt8], length: UInt64) {
        // Without waiting: a pipe would wait for somebody to write to it.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(file: path, errorNumber: errno) }
        defer { Glibc.close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .unreadable(file: path, errorNumber: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unexpected(path: path, expected: "a regular file", found: "something else")
        }
        var header = [UInt8](repeating: 0, count: headerLength)
        let count = pread(descriptor, &header, headerLength, 0)
        guard count >= 0 else { throw .unreadable(file: path, errorNumber: errno) }
        return (Array(header.prefix(count)), UInt64(max(status.st_size, 0)))
    }
}
