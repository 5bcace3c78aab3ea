import CHDF5
import Glibc

/// The one door to libhdf5, whose state is global: every call goes through it, one thread at a time.
enum Library {
    /// Recursive, because an id may be closed by the release of its last reference inside another call.
    private nonisolated(unsafe) static let mutex: UnsafeMutablePointer<pthread_mutex_t> = {
        let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        var attributes = pthread_mutexattr_t()
        pthread_mutexattr_init(&attributes)
        pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_RECURSIVE))
        pthread_mutex_init(mutex, &attributes)
        pthread_mutexattr_destroy(&attributes)
        return mutex
    }()

    private nonisolated(unsafe) static var imageNumber: UInt64 = 0

    /// Runs the body with libhdf5 to itself.
    @discardableResult
    static func locked<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        ch5_silence()
        return try body()
    }

    /// A name no other file in memory has: the core driver takes equal names for one file.
    static func nextImageName() -> String {
        locked {
            imageNumber += 1
            return "espalier-image-\(imageNumber)"
        }
    }

    /// The failure libhdf5 has just reported, with its innermost message.
    static func failure(_ operation: String, _ path: String) -> HDF5Error {
        let detail = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
            ch5_take_error(text.baseAddress, 256)
            return text.baseAddress.map { String(cString: $0) } ?? ""
        }
        return .failed(operation: operation, path: path, detail: detail)
    }

    /// Throws what libhdf5 reported where a call returned a negative number.
    @discardableResult
    static func check<Status: SignedInteger>(
        _ status: Status,
        _ operation: String,
        _ path: String
    ) throws(HDF5Error) -> Status {
        guard status >= 0 else { throw failure(operation, path) }
        return status
    }

    /// The files, groups, datasets, datatypes and attributes open in the whole process.
    static func openObjectCount() -> Int {
        locked { Int(ch5_open_objects()) }
    }
}
