import Glibc

/// Whether something happened in a folder: a hint to look sooner, never a proof that nothing did.
///
/// Network file systems send no events, so whoever uses this looks again from time to time anyway. See `man 7 inotify`.
public final class DirectoryWatch: Sendable {
    private let descriptor: Int32

    /// Watches a folder; where the system has no watch left, nothing is ever hinted.
    public init(_ folder: String) {
        descriptor = inotify_init1(Int32(O_NONBLOCK | O_CLOEXEC))
        guard descriptor >= 0 else { return }
        let events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MODIFY | IN_ATTRIB
        _ = inotify_add_watch(descriptor, folder, UInt32(events))
    }

    /// Whether there were events since the last call.
    public func hasEvents() -> Bool {
        guard descriptor >= 0 else { return false }
        var found = false
        var buffer = [UInt8](repeating: 0, count: 4096)
        while Glibc.read(descriptor, &buffer, buffer.count) > 0 { found = true }
        return found
    }

    deinit {
        if descriptor >= 0 { Glibc.close(descriptor) }
    }
}
