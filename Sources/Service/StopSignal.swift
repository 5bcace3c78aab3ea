import Dispatch
import Glibc
import Synchronization

/// Whether somebody asked this process to stop, by SIGTERM or SIGINT.
public final class StopSignal: Sendable {
    private let flag = Atomic<Bool>(false)
    private let sources = Mutex<[Source]>([])

    /// Dispatch sources may be used from any thread; their protocol does not say so.
    private struct Source: @unchecked Sendable {
        let source: any DispatchSourceSignal
    }

    /// Makes one that nothing sets but ``request()``.
    public init() {}

    /// Listens to the two signals from now on.
    ///
    /// Until it returns they end the process, as they do by default: one that comes early is never lost.
    public func listen() {
        let registered = DispatchSemaphore(value: 0)
        for number in [SIGTERM, SIGINT] {
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [self] in request() }
            source.setRegistrationHandler { registered.signal() }
            source.activate()
            registered.wait()
            let kept = Source(source: source)
            sources.withLock { $0.append(kept) }
        }
    }

    /// Asks to stop.
    public func request() { flag.store(true, ordering: .relaxed) }

    /// Whether to stop.
    public var isRequested: Bool { flag.load(ordering: .relaxed) }
}
