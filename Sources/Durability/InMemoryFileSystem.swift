import Glibc
import Synchronization

/// A file system in memory that knows what a power cut would leave; for tests.
///
/// Bytes become durable by ``synchronizeFile(_:)``, names by ``synchronizeFolder(_:)``; ``losePower(keeping:)`` forgets the
/// rest. Paths are taken from the root whether or not they start with a slash; there are no links.
/// Its clock counts operations, so that times are the same in every run.
public final class InMemoryFileSystem: FileSystem {
    /// What a power cut leaves of bytes that were never synchronised.
    public enum UnsynchronizedBytes: Sendable {
        /// The file as it was last synchronised; empty if never.
        case lost
        /// The first half of the bytes: a torn write.
        case torn
        /// All bytes: the kernel happened to write them out.
        case kept
    }

    private let state = Mutex(FileTree())
    private let locked = Mutex<Set<String>>([])

    /// An empty file system: a root folder.
    public init() {}

    /// Forgets all names and bytes that were not synchronised, as a power cut would.
    public func losePower(keeping bytes: UnsynchronizedBytes = .lost) {
        state.withLock { $0.losePower(keeping: bytes) }
        locked.withLock { $0 = [] }
    }

    /// Reads a whole file.
    public func read(_ path: String, limit: Int) throws(FileSystemError) -> [UInt8] {
        try perform(.read, path) { (tree) throws(TreeFault) in
            let entry = try tree.entry(at: path)
            guard entry.isFile else { throw .number(EISDIR) }
            guard entry.bytes.count <= limit else { throw .number(EFBIG) }
            return entry.bytes
        }
    }

    /// Writes a file that must not exist yet.
    public func writeNew(_ bytes: [UInt8], to path: String) throws(FileSystemError) {
        try perform(.write, path) { (tree) throws(TreeFault) in
            try tree.add(FileTree.Entry(isFile: true, bytes: bytes), at: path)
        }
    }

    /// The names in a folder, sorted by their bytes.
    public func names(in folder: String) throws(FileSystemError) -> [String] {
        try perform(.list, folder) { (tree) throws(TreeFault) in
            let entry = try tree.entry(at: folder)
            guard !entry.isFile else { throw .number(ENOTDIR) }
            return entry.children.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
    }

    /// Size, times, inode and kind of a path.
    public func status(of path: String) throws(FileSystemError) -> FileStatus {
        try perform(.status, path) { (tree) throws(TreeFault) in
            let inode = try tree.inode(at: path)
            let entry = try tree.entry(at: path)
            return FileStatus(
                kind: entry.isFile ? .file : .folder,
                sizeBytes: entry.bytes.count,
                modifiedNanoseconds: entry.modified,
                changedNanoseconds: entry.changed,
                inode: UInt64(inode)
            )
        }
    }

    /// Makes a folder in one that exists.
    public func makeFolder(_ path: String) throws(FileSystemError) {
        try perform(.makeFolder, path) { (tree) throws(TreeFault) in
            try tree.makeFolder(path)
        }
    }

    /// Renames a file or folder.
    public func rename(_ path: String, to newPath: String) throws(FileSystemError) {
        try perform(.rename, path) { (tree) throws(TreeFault) in
            try tree.rename(path, to: newPath)
        }
    }

    /// Removes a file.
    public func removeFile(_ path: String) throws(FileSystemError) {
        try perform(.removeFile, path) { (tree) throws(TreeFault) in
            guard try tree.entry(at: path).isFile else { throw .number(EISDIR) }
            try tree.remove(path)
        }
    }

    /// Removes an empty folder.
    public func removeFolder(_ path: String) throws(FileSystemError) {
        try perform(.removeFolder, path) { (tree) throws(TreeFault) in
            let entry = try tree.entry(at: path)
            guard !entry.isFile else { throw .number(ENOTDIR) }
            guard entry.children.isEmpty else { throw .number(ENOTEMPTY) }
            try tree.remove(path)
        }
    }

    /// Makes a file's bytes durable.
    public func synchronizeFile(_ path: String) throws(FileSystemError) {
        try perform(.synchronizeFile, path) { (tree) throws(TreeFault) in
            try tree.synchronize(path, folder: false)
        }
    }

    /// Makes a folder's entries durable.
    public func synchronizeFolder(_ path: String) throws(FileSystemError) {
        try perform(.synchronizeFolder, path) { (tree) throws(TreeFault) in
            try tree.synchronize(path, folder: true)
        }
    }

    /// Sets a file's modification time, making an empty file where there is none.
    public func touch(_ path: String) throws(FileSystemError) {
        try perform(.touch, path) { (tree) throws(TreeFault) in
            try tree.touch(path)
        }
    }

    /// Locks a path; a file of that name is made where there is none.
    public func lock(_ path: String) throws(JobLockError) -> any FileLock {
        do throws(FileSystemError) {
            if try statusIfPresent(of: path) == nil { try touch(path) }
        } catch {
            throw .failed(error)
        }
        guard locked.withLock({ $0.insert(path).inserted }) else { throw .held(path: path) }
        return Lock { [self] in locked.withLock { _ = $0.remove(path) } }
    }

    private final class Lock: FileLock {
        private let letGo: Mutex<(@Sendable () -> Void)?>

        init(_ letGo: @escaping @Sendable () -> Void) { self.letGo = Mutex(letGo) }

        func release() {
            let letGo = letGo.withLock { action in
                defer { action = nil }
                return action
            }
            letGo?()
        }

        deinit { release() }
    }

    private func perform<Result: Sendable>(
        _ operation: FileOperation,
        _ path: String,
        _ body: (inout sending FileTree) throws(TreeFault) -> Result
    ) throws(FileSystemError) -> Result {
        do {
            return try state.withLock { (tree) throws(TreeFault) in try body(&tree) }
        } catch {
            switch error {
            case .number(let number):
                throw FileSystemError(operation, path: path, number: number)
            }
        }
    }
}
