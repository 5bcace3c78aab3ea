import Glibc
import Synchronization

/// Why a lock could not be taken.
public enum JobLockError: Error, Hashable, Sendable {
    /// Another process, or another lock of this one, holds it.
    case held(path: String)
    /// The lock file could not be opened or locked.
    case failed(FileSystemError)
}

/// The right of one worker to a job folder on this host, held until released, closed or the process dies.
///
/// It is an advisory `flock` on a file; the file itself stays, since removing it would let two workers lock two
/// different files of one name. It fences processes of one host only; between hosts the rename of the job's folder
/// does.
public final class JobLock: FileLock {
    /// The lock file.
    public let path: String
    private let descriptor: Mutex<Int32?>

    /// Takes the lock at once or fails.
    ///
    /// See `man 2 flock`.
    public init(path: String) throws(JobLockError) {
        var descriptor: Int32
        repeat {
            descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        } while descriptor < 0 && errno == EINTR
        guard descriptor >= 0 else {
            throw .failed(FileSystemError(.open, path: path, number: errno))
        }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            if number == EINTR { continue }
            Glibc.close(descriptor)
            if number == EWOULDBLOCK { throw .held(path: path) }
            throw .failed(FileSystemError(.lock, path: path, number: number))
        }
        self.path = path
        self.descriptor = Mutex(descriptor)
    }

    /// Gives the lock up; a second call does nothing.
    public func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { Glibc.close(open) }
            descriptor = nil
        }
    }

    deinit { release() }
}
