import Glibc
import Synchronization

/// A file system that fails at one chosen operation, to try every place where a real one can; for tests.
///
/// Operations are counted from 1 in the order in which they are asked for; locks do not count.
public final class FaultyFileSystem: FileSystem {
    /// How the chosen operation fails.
    public enum Fault: Hashable, Sendable {
        /// It does nothing and says this error number, once.
        case error(Int32)
        /// A write leaves half of its bytes and says this error number; other operations do nothing and say it.
        case half(Int32)
        /// The machine stops in it: it and all that follow do nothing and say `EIO`, until power returns.
        case powerCut
    }

    private let inner: any FileSystem
    private let fault: Fault
    private let chosen: Int
    private let state = Mutex((count: 0, isOff: false))

    /// Puts a fault into a file system.
    ///
    /// - Parameters:
    ///   - inner: What does the work.
    ///   - fault: How it fails.
    ///   - chosen: At which operation; a number that is never reached only counts.
    public init(_ inner: any FileSystem, fault: Fault, at chosen: Int) {
        self.inner = inner
        self.fault = fault
        self.chosen = chosen
    }

    /// The operations asked for so far.
    public var operations: Int { state.withLock { $0.count } }

    /// Whether the machine has stopped.
    public var isOff: Bool { state.withLock { $0.isOff } }

    private func begin(_ operation: FileOperation, _ path: String) throws(FileSystemError) {
        let number: Int32? = state.withLock { state in
            if state.isOff { return EIO }
            state.count += 1
            guard state.count == chosen else { return nil }
            switch fault {
            case .error(let number), .half(let number): return number
            case .powerCut:
                state.isOff = true
                return EIO
            }
        }
        if let number { throw FileSystemError(operation, path: path, number: number) }
    }

    /// Reads a whole file.
    public func read(_ path: String, limit: Int) throws(FileSystemError) -> [UInt8] {
        try begin(.read, path)
        return try inner.read(path, limit: limit)
    }

    /// Writes a new file; a fault can leave half of it.
    public func writeNew(_ bytes: [UInt8], to path: String) throws(FileSystemError) {
        do {
            try begin(.write, path)
        } catch {
            if case .half = fault {
                try inner.writeNew(Array(bytes.prefix(bytes.count / 2)), to: path)
            }
            throw error
        }
        try inner.writeNew(bytes, to: path)
    }

    /// The names in a folder.
    public func names(in folder: String) throws(FileSystemError) -> [String] {
        try begin(.list, folder)
        return try inner.names(in: folder)
    }

    /// Size, times, inode and kind of a path.
    public func status(of path: String) throws(FileSystemError) -> FileStatus {
        try begin(.status, path)
        return try inner.status(of: path)
    }

    /// Makes a folder in one that exists.
    public func makeFolder(_ path: String) throws(FileSystemError) {
        try begin(.makeFolder, path)
        try inner.makeFolder(path)
    }

    /// Renames a file or folder.
    public func rename(_ path: String, to newPath: String) throws(FileSystemError) {
        try begin(.rename, path)
        try inner.rename(path, to: newPath)
    }

    /// Removes a file.
    public func removeFile(_ path: String) throws(FileSystemError) {
        try begin(.removeFile, path)
        try inner.removeFile(path)
    }

    /// Removes an empty folder.
    public func removeFolder(_ path: String) throws(FileSystemError) {
        try begin(.removeFolder, path)
        try inner.removeFolder(path)
    }

    /// Makes a file's bytes durable.
    public func synchronizeFile(_ path: String) throws(FileSystemError) {
        try begin(.synchronizeFile, path)
        try inner.synchronizeFile(path)
    }

    /// Makes a folder's entries durable.
    public func synchronizeFolder(_ path: String) throws(FileSystemError) {
        try begin(.synchronizeFolder, path)
        try inner.synchronizeFolder(path)
    }

    /// Sets a file's modification time to now.
    public func touch(_ path: String) throws(FileSystemError) {
        try begin(.touch, path)
        try inner.touch(path)
    }

    /// Locks a path.
    public func lock(_ path: String) throws(JobLockError) -> any FileLock {
        try inner.lock(path)
    }
}
