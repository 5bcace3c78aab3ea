import Glibc

/// What a file system was asked to do when it failed.
public enum FileOperation: String, Hashable, Sendable, CaseIterable {
    /// Opening a file or folder.
    case open
    /// Reading a file.
    case read
    /// Writing a new file.
    case write
    /// Comparing the length on disk with the length written.
    case checkLength = "check the length of"
    /// Listing a folder.
    case list
    /// Asking for size, times and kind.
    case status = "stat"
    /// Making a folder.
    case makeFolder = "make folder"
    /// Renaming.
    case rename
    /// Removing a file.
    case removeFile = "remove file"
    /// Removing an empty folder.
    case removeFolder = "remove folder"
    /// Flushing a file to the medium.
    case synchronizeFile = "fsync file"
    /// Flushing a folder's entries to the medium.
    case synchronizeFolder = "fsync folder"
    /// Setting times to now.
    case touch
    /// Locking a file.
    case lock
}

/// A file operation that failed: what was tried, on what, and the system's error number.
public struct FileSystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried.
    public var operation: FileOperation
    /// The path it was tried on.
    public var path: String
    /// The system's error number, as in `errno`.
    public var number: Int32

    /// Makes an error.
    public init(_ operation: FileOperation, path: String, number: Int32) {
        self.operation = operation
        self.path = path
        self.number = number
    }

    /// True when the medium or the quota is full: a reason to try again later, never to give a job up.
    public var isFull: Bool { number == ENOSPC || number == EDQUOT }

    /// True when the fault lies with the machine rather than with the path, so that trying again can help.
    public var isPassing: Bool {
        let passing = [
            EIO, EINTR, EAGAIN, EBUSY, EROFS, ENOMEM, EMFILE, ENFILE, ESTALE, ETIMEDOUT, ENODEV,
            ENXIO, ENOTCONN, EREMOTEIO,
        ]
        return isFull || passing.contains(number)
    }

    /// True when the path, or a folder on the way to it, does not exist.
    public var isAbsent: Bool { number == ENOENT }

    /// True when the name is taken, or a folder to be replaced or removed is not empty.
    public var isTaken: Bool { number == EEXIST || number == ENOTEMPTY }

    /// The system's words for the number.
    ///
    /// See `man 3 strerror`.
    public var reason: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            buffer.initialize(repeating: 0)
            // The XSI variant fills the buffer and returns 0; Glibc exposes it to Swift as such.
            guard let start = buffer.baseAddress,
                Glibc.strerror_r(number, start, buffer.count) == 0
            else { return "error \(number)" }
            return String(cString: start)
        }
    }

    /// One line for people: operation, path, reason, number.
    public var description: String {
        "cannot \(operation.rawValue) \(path): \(reason) (errno \(number))"
    }
}
