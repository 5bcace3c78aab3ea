import Glibc

/// The machine's file system.
///
/// Every call carries on after an interruption by a signal and after a short read or write.
public struct RealFileSystem: FileSystem {
    /// The machine's file system.
    public init() {}

    /// Reads a whole regular file; a pipe or device is refused, never waited for.
    public func read(_ path: String, limit: Int) throws(FileSystemError) -> [UInt8] {
        try withDescriptor(path, flags: O_RDONLY | O_NONBLOCK) {
            (descriptor) throws(FileSystemError) in
            var information = stat()
            try check(.status, path) { Glibc.fstat(descriptor, &information) }
            let kind = FileKind(mode: information.st_mode)
            guard kind == .file else {
                throw FileSystemError(.read, path: path, number: kind == .folder ? EISDIR : EINVAL)
            }
            let length = Int(information.st_size)
            guard length <= limit else {
                throw FileSystemError(.read, path: path, number: EFBIG)
            }
            return try readToEnd(descriptor, path: path, expected: length, limit: limit)
        }
    }

    /// Writes a file that must not exist yet (`O_EXCL`).
    public func writeNew(_ bytes: [UInt8], to path: String) throws(FileSystemError) {
        try withDescriptor(path, flags: O_WRONLY | O_CREAT | O_EXCL, operation: .write) {
            (descriptor) throws(FileSystemError) in
            var done = 0
            while done < bytes.count {
                let written = bytes.withUnsafeBytes { buffer in
                    Glibc.write(
                        descriptor,
                        buffer.baseAddress?.advanced(by: done),
                        buffer.count - done
                    )
                }
                if written < 0 {
                    guard errno == EINTR else {
                        throw FileSystemError(.write, path: path, number: errno)
                    }
                } else {
                    done += written
                }
            }
        }
    }

    /// The names in a folder, sorted by their bytes.
    public func names(in folder: String) throws(FileSystemError) -> [String] {
        guard let stream = Glibc.opendir(folder) else {
            throw FileSystemError(.list, path: folder, number: errno)
        }
        defer { Glibc.closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = Glibc.readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw FileSystemError(.list, path: folder, number: errno) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Size, times, inode and kind of a path; of a link, the link's own (`lstat`).
    public func status(of path: String) throws(FileSystemError) -> FileStatus {
        var information = stat()
        try check(.status, path) { Glibc.lstat(path, &information) }
        return FileStatus(
            kind: FileKind(mode: information.st_mode),
            sizeBytes: Int(information.st_size),
            modifiedNanoseconds: nanoseconds(information.st_mtim),
            changedNanoseconds: nanoseconds(information.st_ctim),
            inode: UInt64(information.st_ino)
        )
    }

    /// Makes a folder in one that exists.
    public func makeFolder(_ path: String) throws(FileSystemError) {
        do {
            try check(.makeFolder, path) { Glibc.mkdir(path, 0o777) }
        } catch  where error.number == EEXIST {
            var information = stat()
            try check(.makeFolder, path) { stat(path, &information) }
            guard FileKind(mode: information.st_mode) == .folder else { throw error }
        }
    }

    /// Renames a file or folder.
    public func rename(_ path: String, to newPath: String) throws(FileSystemError) {
        try check(.rename, path) { Glibc.rename(path, newPath) }
    }

    /// Removes a file or link.
    public func removeFile(_ path: String) throws(FileSystemError) {
        try check(.removeFile, path) { Glibc.unlink(path) }
    }

    /// Removes an empty folder.
    public func removeFolder(_ path: String) throws(FileSystemError) {
        try check(.removeFolder, path) { Glibc.rmdir(path) }
    }

    /// Flushes a file's bytes to the medium.
    public func synchronizeFile(_ path: String) throws(FileSystemError) {
        try withDescriptor(path, flags: O_RDONLY | O_NONBLOCK) {
            (descriptor) throws(FileSystemError) in
            try check(.synchronizeFile, path) { Glibc.fsync(descriptor) }
        }
    }

    /// Flushes a folder's entries to the medium.
    public func synchronizeFolder(_ path: String) throws(FileSystemError) {
        try withDescriptor(path, flags: O_RDONLY | O_DIRECTORY) {
            (descriptor) throws(FileSystemError) in
            try check(.synchronizeFolder, path) { Glibc.fsync(descriptor) }
        }
    }

    /// Sets a file's modification time to now, making an empty file where there is none.
    public func touch(_ path: String) throws(FileSystemError) {
        try withDescriptor(path, flags: O_WRONLY | O_CREAT | O_NONBLOCK, operation: .touch) {
            (descriptor) throws(FileSystemError) in
            try check(.touch, path) { Glibc.futimens(descriptor, nil) }
        }
    }

    /// Locks a file by `flock`.
    public func lock(_ path: String) throws(JobLockError) -> any FileLock {
        try JobLock(path: path)
    }
}

extension RealFileSystem {
    private func readToEnd(
        _ descriptor: Int32,
        path: String,
        expected: Int,
        limit: Int
    ) throws(FileSystemError) -> [UInt8] {
        var failure: Int32 = 0
        // One byte more than expected, so that a file that is still growing is noticed.
        let bytes = [UInt8](unsafeUninitializedCapacity: expected + 1) { buffer, count in
            while count < buffer.count {
                let got = Glibc.read(
                    descriptor,
                    buffer.baseAddress?.advanced(by: count),
                    buffer.count - count
                )
                if got == 0 { break }
                if got > 0 {
                    count += got
                } else if errno != EINTR {
                    failure = errno
                    break
                }
            }
        }
        guard failure == 0 else { throw FileSystemError(.read, path: path, number: failure) }
        guard bytes.count <= expected else {
            throw FileSystemError(.read, path: path, number: EAGAIN)
        }
        return bytes
    }

    private func withDescriptor<Result>(
        _ path: String,
        flags: Int32,
        operation: FileOperation = .open,
        _ body: (Int32) throws(FileSystemError) -> Result
    ) throws(FileSystemError) -> Result {
        var descriptor: Int32 = -1
        try check(operation, path) {
            descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o666)
            return descriptor
        }
        let result: Result
        do {
            result = try body(descriptor)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        // On Linux the descriptor is gone even when close reports EINTR; other errors are lost writes (NFS, quota).
        guard Glibc.close(descriptor) == 0 || errno == EINTR else {
            throw FileSystemError(operation, path: path, number: errno)
        }
        return result
    }

    private func check(
        _ operation: FileOperation,
        _ path: String,
        _ call: () -> Int32
    ) throws(FileSystemError) {
        while call() < 0 {
            guard errno == EINTR else {
                throw FileSystemError(operation, path: path, number: errno)
            }
        }
    }

    private func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

extension FileKind {
    fileprivate init(mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .folder
        case S_IFLNK: self = .link
        default: self = .other
        }
    }
}
