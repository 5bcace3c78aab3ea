/// What a path names.
public enum FileKind: String, Hashable, Sendable {
    /// A regular file.
    case file
    /// A folder.
    case folder
    /// A symbolic link, itself.
    case link
    /// A pipe, socket or device.
    case other
}

/// What a file system says about a path; two equal values mean that nothing has touched it between.
public struct FileStatus: Hashable, Sendable {
    /// What it is.
    public var kind: FileKind
    /// The length in bytes.
    public var sizeBytes: Int
    /// When the content last changed, in nanoseconds of the file system's own clock.
    public var modifiedNanoseconds: Int64
    /// When the content or the entry's attributes last changed, in nanoseconds of the file system's own clock.
    public var changedNanoseconds: Int64
    /// The number that stays with the file through renames.
    public var inode: UInt64

    /// Makes a status.
    public init(
        kind: FileKind,
        sizeBytes: Int,
        modifiedNanoseconds: Int64,
        changedNanoseconds: Int64,
        inode: UInt64
    ) {
        self.kind = kind
        self.sizeBytes = sizeBytes
        self.modifiedNanoseconds = modifiedNanoseconds
        self.changedNanoseconds = changedNanoseconds
        self.inode = inode
    }
}

/// The few operations the house needs of a file system, and no more, so that a test can stand in for all of it.
///
/// Nothing is on the medium until it is synchronised: a file's bytes by ``synchronizeFile(_:)``, its name by
/// ``synchronizeFolder(_:)`` of the folder it is in. ``publish(_:to:on:)`` does both in the right order.
public protocol FileSystem: Sendable {
    /// Reads a whole regular file.
    ///
    /// - Throws: `EFBIG` when the file is longer than the limit, before memory is taken; `EISDIR` or `EINVAL` when
    ///   it is not a regular file.
    func read(_ path: String, limit: Int) throws(FileSystemError) -> [UInt8]

    /// Writes a file that must not exist yet.
    ///
    /// - Throws: `EEXIST` when the name is taken. After another error part of the file may be there.
    func writeNew(_ bytes: [UInt8], to path: String) throws(FileSystemError)

    /// The names in a folder, sorted by their bytes, without `.` and `..`.
    func names(in folder: String) throws(FileSystemError) -> [String]

    /// Size, times, inode and kind of a path; of a link, the link's own.
    func status(of path: String) throws(FileSystemError) -> FileStatus

    /// Makes a folder in one that exists; one that is there already is fine.
    ///
    /// Not those on the way to it: a folder that was renamed away must not come back by a write to its old path.
    ///
    /// - Throws: `ENOENT` where the folder it would be in does not exist.
    func makeFolder(_ path: String) throws(FileSystemError)

    /// Renames a file or folder, replacing a file or an empty folder of the new name.
    ///
    /// - Throws: `ENOTEMPTY` or `EEXIST` when the new name is a folder with something in it.
    func rename(_ path: String, to newPath: String) throws(FileSystemError)

    /// Removes a file or link.
    func removeFile(_ path: String) throws(FileSystemError)

    /// Removes an empty folder.
    ///
    /// - Throws: `ENOTEMPTY` when there is something in it.
    func removeFolder(_ path: String) throws(FileSystemError)

    /// Returns when the file's bytes are on the medium.
    func synchronizeFile(_ path: String) throws(FileSystemError)

    /// Returns when the folder's entries are on the medium.
    func synchronizeFolder(_ path: String) throws(FileSystemError)

    /// Sets the modification time of a file to now, making an empty file where there is none.
    func touch(_ path: String) throws(FileSystemError)

    /// Locks a file, making an empty one where there is none, against every other lock of it on this host.
    ///
    /// - Throws: `held` at once where somebody else has the lock.
    func lock(_ path: String) throws(JobLockError) -> any FileLock
}

/// A lock on a file, held until released, let go of, or the end of the process.
public protocol FileLock: Sendable {
    /// Gives the lock up; a second call does nothing.
    func release()
}

extension FileSystem {
    /// The status, or nothing where the path does not exist.
    public func statusIfPresent(of path: String) throws(FileSystemError) -> FileStatus? {
        do {
            return try status(of: path)
        } catch  where error.isAbsent {
            return nil
        }
    }

    /// Makes a folder and those on the way to it, and returns when they would survive a power cut.
    public func makeDurableFolder(_ path: String) throws(FileSystemError) {
        var missing: [PathParts] = []
        var next = path
        while try statusIfPresent(of: next) == nil {
            let parts = PathParts(next)
            missing.append(parts)
            next = parts.folder
        }
        if missing.isEmpty { try makeFolder(path) }
        for parts in missing.reversed() {
            try makeFolder("\(parts.folder)/\(parts.name)")
            try synchronizeFolder(parts.folder)
        }
    }

    /// Writes new files into a folder of ours, and returns when they would survive a power cut.
    ///
    /// - Parameters:
    ///   - contents: Names, at most one folder deep, and bytes; those folders are made.
    ///   - folder: Where to; it must exist.
    /// - Throws: The operation that failed.
    public func writeFiles(
        _ contents: [(name: String, bytes: [UInt8])],
        in folder: String
    ) throws(FileSystemError) {
        var inner: [String] = []
        for (name, bytes) in contents {
            let path = "\(folder)/\(name)"
            let parent = PathParts(path).folder
            if parent != folder, !inner.contains(parent) {
                inner.append(parent)
                try makeFolder(parent)
            }
            try writeNew(bytes, to: path)
            try synchronizeFile(path)
        }
        for folder in inner { try synchronizeFolder(folder) }
        try synchronizeFolder(folder)
    }

    /// Removes a folder with everything in it; links are removed, not followed.
    public func removeTree(_ path: String) throws(FileSystemError) {
        for name in try names(in: path) {
            let inner = "\(path)/\(name)"
            if try status(of: inner).kind == .folder {
                try removeTree(inner)
            } else {
                try removeFile(inner)
            }
        }
        try removeFolder(path)
    }
}

/// A path taken apart at its last slash.
public struct PathParts: Hashable, Sendable {
    /// The folder: `.` for a bare name, `/` for a name under the root.
    public var folder: String
    /// The last component.
    public var name: String

    /// Takes a path apart.
    public init(_ path: String) {
        var bytes = path.utf8[...]
        let slash = UInt8(ascii: "/")
        while bytes.count > 1, bytes.last == slash { bytes.removeLast() }
        guard let cut = bytes.lastIndex(of: slash) else {
            folder = "."
            name = String(Substring(bytes))
            return
        }
        name = String(Substring(bytes[bytes.index(after: cut)...]))
        var head = bytes[..<cut]
        while head.count > 1, head.last == slash { head.removeLast() }
        folder = head.isEmpty ? "/" : String(Substring(head))
    }
}
