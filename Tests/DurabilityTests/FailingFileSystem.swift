import Durability
import Glibc

/// A file system in memory of which one kind of operation always fails.
struct FailingFileSystem: FileSystem {
    let inner = InMemoryFileSystem()
    let operation: FileOperation
    let number: Int32

    init(_ operation: FileOperation, number: Int32) {
        self.operation = operation
        self.number = number
    }

    private func fail(_ asked: FileOperation, _ path: String) throws(FileSystemError) {
        if asked == operation { throw FileSystemError(asked, path: path, number: number) }
    }

    func read(_ path: String, limit: Int) throws(FileSystemError) -> [UInt8] {
        try fail(.read, path)
        return try inner.read(path, limit: limit)
    }
    func writeNew(_ bytes: [UInt8], to path: String) throws(FileSystemError) {
        // A full disk leaves a part; a lying one loses the last byte without a word.
        let part = operation == .write || operation == .checkLength
        try inner.writeNew(part ? Array(bytes.dropLast()) : bytes, to: path)
        try fail(.write, path)
    }
    func names(in folder: String) throws(FileSystemError) -> [String] {
        try inner.names(in: folder)
    }
    func status(of path: String) throws(FileSystemError) -> FileStatus {
        try fail(.status, path)
        return try inner.status(of: path)
    }
    func makeFolder(_ path: String) throws(FileSystemError) { try inner.makeFolder(path) }
    func rename(_ path: String, to newPath: String) throws(FileSystemError) {
        try fail(.rename, path)
        try inner.rename(path, to: newPath)
    }
    func removeFile(_ path: String) throws(FileSystemError) { try inner.removeFile(path) }
    func removeFolder(_ path: String) throws(FileSystemError) { try inner.removeFolder(path) }
    func synchronizeFile(_ path: String) throws(FileSystemError) {
        try fail(.synchronizeFile, path)
        try inner.synchronizeFile(path)
    }
    func synchronizeFolder(_ path: String) throws(FileSystemError) {
        try fail(.synchronizeFolder, path)
        try inner.synchronizeFolder(path)
    }
    func touch(_ path: String) throws(FileSystemError) { try inner.touch(path) }
    func lock(_ path: String) throws(JobLockError) -> any FileLock { try inner.lock(path) }
}
