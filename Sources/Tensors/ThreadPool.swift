import CKernels
import COpenBLAS
import Glibc
import Synchronization

/// Long-lived workers that share out numbered pieces of work; the only global state of the house.
///
/// Pieces are cut by the caller from shapes alone, never from the number of threads, and each piece writes to a place
/// of its own: which thread takes which piece cannot change a result.
public final class ThreadPool: Sendable {
    /// The pool of this process.
    public static let shared = ThreadPool()

    private struct Work: Sendable {
        var generation = 0
        var count = 0
        var body: (@Sendable (Int) -> Void)?
    }

    private struct Condition: @unchecked Sendable {
        let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        let started = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

        init() {
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(started, nil)
        }
    }

    private let condition = Condition()
    private let work = Mutex(Work())
    private let generation = Atomic<Int>(0)
    private let nextPiece = Atomic<Int>(0)
    private let running = Atomic<Int>(0)
    private let limit = Atomic<Int>(1)
    private let started = Atomic<Int>(1)
    private let isBusy = Atomic<Bool>(false)

    private init() {
        openblas_set_num_threads(1)
        espalier_keep_large_blocks()
        setThreads(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// The number of threads that compute, the caller's included.
    public var threads: Int { limit.load(ordering: .relaxed) }

    /// Sets the number of threads; results do not depend on it.
    public func setThreads(_ count: Int) {
        let wanted = max(1, min(count, 256))
        while started.load(ordering: .relaxed) < wanted {
            let index = started.add(1, ordering: .relaxed).oldValue
            startWorker(index)
        }
        limit.store(wanted, ordering: .relaxed)
    }

    /// Does pieces `0 ..< count` on all threads and returns when they are done; inside a piece it runs them in turn.
    public func forEach(_ count: Int, _ body: (Int) -> Void) {
        let isFirst =
            threads > 1 && count > 1
            && isBusy.compareExchange(
                expected: false,
                desired: true,
                ordering: .acquiringAndReleasing
            ).exchanged
        guard isFirst else {
            for piece in 0..<count { body(piece) }
            return
        }
        withoutActuallyEscaping(body) { body in
            // The workers are done with the closure before this scope ends, so it may cross to them.
            nonisolated(unsafe) let body = body
            share(count) { body($0) }
        }
        isBusy.store(false, ordering: .releasing)
    }

    private func share(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let helpers = started.load(ordering: .relaxed) - 1
        running.store(helpers, ordering: .relaxed)
        nextPiece.store(0, ordering: .relaxed)
        pthread_mutex_lock(condition.mutex)
        let next = generation.load(ordering: .relaxed) + 1
        work.withLock { $0 = Work(generation: next, count: count, body: body) }
        generation.store(next, ordering: .releasing)
        pthread_cond_broadcast(condition.started)
        pthread_mutex_unlock(condition.mutex)
        takePieces(count, body)
        while running.load(ordering: .acquiring) > 0 { sched_yield() }
        work.withLock { $0.body = nil }
    }

    private func takePieces(_ count: Int, _ body: (Int) -> Void) {
        while true {
            let piece = nextPiece.add(1, ordering: .relaxed).oldValue
            guard piece < count else { return }
            body(piece)
        }
    }

    private func startWorker(_ index: Int) {
        let seen = generation.load(ordering: .relaxed)
        let start = WorkerStart(index: index, seen: seen)
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(start).toOpaque()
        pthread_create(
            &thread,
            nil,
            { raw in
                guard let raw else { return nil }
                let start = Unmanaged<WorkerStart>.fromOpaque(raw).takeRetainedValue()
                ThreadPool.shared.serve(index: start.index, seen: start.seen)
                return nil
            },
            argument
        )
        pthread_detach(thread)
    }

    private final class WorkerStart: Sendable {
        let index: Int
        let seen: Int

        init(index: Int, seen: Int) {
            self.index = index
            self.seen = seen
        }
    }

    /// Takes part in the current work; the closure must be let go before the worker says it is done.
    @inline(never)
    private func takeShare(index: Int) -> Int {
        let current = work.withLock { $0 }
        if index < limit.load(ordering: .relaxed), let body = current.body {
            takePieces(current.count, body)
        }
        return current.generation
    }

    /// Spins for a few microseconds, since layers follow each other closely, then sleeps.
    private func serve(index: Int, seen: Int) {
        var seen = seen
        while true {
            var spins = 0
            while generation.load(ordering: .acquiring) == seen, spins < 20_000 { spins += 1 }
            pthread_mutex_lock(condition.mutex)
            while generation.load(ordering: .acquiring) == seen {
                pthread_cond_wait(condition.started, condition.mutex)
            }
            pthread_mutex_unlock(condition.mutex)
            seen = takeShare(index: index)
            running.subtract(1, ordering: .acquiringAndReleasing)
        }
    }
}

/// The half-open ranges of a fixed number of elements each (the last may be shorter) that cover `0 ..< count`.
public func chunks(of size: Int, covering count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: max(size, 1)).map { $0..<min($0 + max(size, 1), count) }
}
