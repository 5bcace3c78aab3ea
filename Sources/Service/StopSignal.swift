import Glibc
import Synchronization

/// Whether this process got SIGTERM or SIGINT since somebody listens.
private let isSignalled = Atomic<Bool>(false)

/// Whether somebody asked this process to stop, by SIGTERM or SIGINT.
public final class StopSignal: Sendable {
    private let flag = Atomic<Bool>(false)
    private let isListening = Atomic<Bool>(false)

    /// Makes one that nothing sets but ``request()``.
    public init() {}

    /// Listens to the two signals from now on.
    ///
    /// Until it returns they end the process, as they do by default: one that comes early is never lost. The handler
    /// stores a flag and no more, which is all that `man 7 signal-safety` allows; a dispatch source would bring threads
    /// whose priority the sandbox refuses to raise.
    public func listen() {
        // Made now, so that the handler finds it made.
        _ = isSignalled.load(ordering: .relaxed)
        isListening.store(true, ordering: .relaxed)
        // Whoever started us may have done so from a thread that blocks signals, which is inherited.
        var unblocked = sigset_t()
        sigemptyset(&unblocked)
        for number in [SIGTERM, SIGINT] {
            _ = signal(number) { _ in isSignalled.store(true, ordering: .relaxed) }
            sigaddset(&unblocked, number)
        }
        pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
    }

    /// Asks to stop.
    public func request() { flag.store(true, ordering: .relaxed) }

    /// Whether to stop.
    public var isRequested: Bool {
        flag.load(ordering: .relaxed)
            || isListening.load(ordering: .relaxed) && isSignalled.load(ordering: .relaxed)
    }
}
