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
        var count = 0
        var body: (@Sendable (Int, Int) -> Void)?
    }

    private struct Condition: @unchecked Sendable {
        let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        let started = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

        init() {
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(started, nil)
        }
    }

    /// How often a worker looks for work before it sleeps: some tens of microseconds, since layers follow each other.
    private static let spins = 4_000
    private static let largestCount = 256

    private let condition = Condition()
    private let work = Mutex(Work())
    /// Even while closed, odd while pieces are handed out.
    private let generation = Atomic<Int>(0)
    private let nextPiece = Atomic<Int>(0)
    /// Workers that may hold the closure.
    private let inside = Atomic<Int>(0)
    private let sleeping = Atomic<Int>(0)
    private let limit = Atomic<Int>(1)
    private let started = Atomic<Int>(1)
    private let isBusy = Atomic<Bool>(false)
    private let scratch = ScratchBuffers(count: largestCount)

    private init() {
        openblas_set_num_threads(1)
        espalier_keep_large_blocks()
        setThreads(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// The number of threads that compute, the caller's included.
    public var threads: Int { limit.load(ordering: .relaxed) }

    /// Sets the number of threads; results do not depend on it.
    public func setThreads(_ count: Int) {
        let wanted = max(1, min(count, Self.largestCount))
        while started.load(ordering: .relaxed) < wanted {
            let index = started.add(1, ordering: .relaxed).oldValue
            startWorker(index)
        }
        limit.store(wanted, ordering: .relaxed)
    }

    /// Does pieces `0 ..< count` on all threads and returns when they are done; inside a piece it runs them in turn.
    public func forEach(_ count: Int, _ body: (Int) -> Void) {
        share(count) { piece, _ in body(piece) }
    }

    /// Does pieces `0 ..< count` on all threads, each with a buffer of its thread that holds whatever was left there.
    ///
    /// - Parameters:
    ///   - count: The number of pieces.
    ///   - floats: The length of the buffer.
    ///   - body: Does one piece.
    public func forEach(
        _ count: Int,
        scratch floats: Int,
        _ body: (Int, UnsafeMutablePointer<Float>) -> Void
    ) {
        share(count) { piece, thread in
            if let thread {
                body(piece, scratch.buffer(of: thread, floats: floats))
            } else {
                withBuffer(floats) { body(piece, $0) }
            }
        }
    }

    /// Hands each piece and its thread to the closure; no thread is named where the pool was busy already.
    private func share(_ count: Int, _ body: (Int, Int?) -> Void) {
        let isFirst =
            count > 0
            && isBusy.compareExchange(
                expected: false,
                desired: true,
                ordering: .acquiringAndReleasing
            ).exchanged
        guard isFirst else {
            for piece in 0..<count { body(piece, nil) }
            return
        }
        if count == 1 || threads == 1 {
            for piece in 0..<count { body(piece, 0) }
        } else {
            withoutActuallyEscaping(body) { body in
                // No worker is inside when this scope ends, so the closure may cross to them.
                nonisolated(unsafe) let body = body
                open(Work(count: count) { body($0, $1) })
            }
        }
        isBusy.store(false, ordering: .releasing)
    }

    private func open(_ shared: Work) {
        nextPiece.store(0, ordering: .relaxed)
        work.withLock { $0 = shared }
        generation.add(1, ordering: .sequentiallyConsistent)
        if sleeping.load(ordering: .sequentiallyConsistent) > 0 {
            pthread_mutex_lock(condition.mutex)
            pthread_cond_broadcast(condition.started)
            pthread_mutex_unlock(condition.mutex)
        }
        takePieces(of: shared, thread: 0)
        generation.add(1, ordering: .sequentiallyConsistent)
        var waits = 0
        while inside.load(ordering: .sequentiallyConsistent) > 0 {
            waits += 1
            if waits % Self.spins == 0 { sched_yield() } else { espalier_relax() }
        }
        work.withLock { $0.body = nil }
    }

    private func takePieces(of work: Work, thread: Int) {
        while true {
            let piece = nextPiece.add(1, ordering: .relaxed).oldValue
            guard piece < work.count else { return }
            work.body?(piece, thread)
        }
    }

    private func startWorker(_ index: Int) {
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(WorkerStart(index: index)).toOpaque()
        pthread_create(
            &thread,
            nil,
            { raw in
                guard let raw else { return nil }
                let start = Unmanaged<WorkerStart>.fromOpaque(raw).takeRetainedValue()
                ThreadPool.shared.serve(index: start.index)
                return nil
            },
            argument
        )
        pthread_detach(thread)
    }

    private final class WorkerStart: Sendable {
        let index: Int

        init(index: Int) {
            self.index = index
        }
    }

    /// Takes part in the work of one generation if it is still open once this worker is known to be inside.
    @inline(never)
    private func takeShare(of seen: Int, index: Int) {
        inside.add(1, ordering: .sequentiallyConsistent)
        if generation.load(ordering: .sequentiallyConsistent) == seen,
            index < limit.load(ordering: .relaxed)
        {
            takePieces(of: work.withLock { $0 }, thread: index)
        }
    }

    /// Looks for work for a few microseconds, since layers follow each other closely, then sleeps.
    private func serve(index: Int) {
        var done = 0
        while true {
            let seen = waitForWork(after: done)
            takeShare(of: seen, index: index)
            // The closure is let go before the worker says so.
            inside.subtract(1, ordering: .sequentiallyConsistent)
            done = seen
        }
    }

    private func waitForWork(after done: Int) -> Int {
        for _ in 0..<Self.spins {
            let seen = generation.load(ordering: .acquiring)
            if seen != done, seen % 2 == 1 { return seen }
            espalier_relax()
        }
        pthread_mutex_lock(condition.mutex)
        defer { pthread_mutex_unlock(condition.mutex) }
        sleeping.add(1, ordering: .sequentiallyConsistent)
        defer { sleeping.subtract(1, ordering: .sequentiallyConsistent) }
        while true {
            let seen = generation.load(ordering: .sequentiallyConsistent)
            if seen != done, seen % 2 == 1 { return seen }
            pthread_cond_wait(condition.started, condition.mutex)
        }
    }
}

/// One growing buffer per thread, each touched by its thread alone.
private final class ScratchBuffers: @unchecked Sendable {
    private struct Buffer {
        var start: UnsafeMutableRawPointer?
        var floats = 0
    }

    private let buffers: UnsafeMutablePointer<Buffer>

    init(count: Int) {
        buffers = .allocate(capacity: count)
        buffers.initialize(repeating: Buffer(), count: count)
    }

    func buffer(of thread: Int, floats: Int) -> UnsafeMutablePointer<Float> {
        if let start = buffers[thread].start, buffers[thread].floats >= floats {
            return start.assumingMemoryBound(to: Float.self)
        }
        buffers[thread].start?.deallocate()
        let start = allocateFloats(floats)
        buffers[thread] = Buffer(start: start, floats: floats)
        return start.assumingMemoryBound(to: Float.self)
    }
}

/// Memory for floats that begins with a cache line.
func allocateFloats(_ count: Int) -> UnsafeMutableRawPointer {
    .allocate(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
}

/// The half-open ranges of a fixed number of elements each (the last may be shorter) that cover `0 ..< count`.
public func chunks(of size: Int, covering count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: max(size, 1)).map { $0..<min($0 + max(size, 1), count) }
}

/// The first of some lengths of pieces for which two threads end at about the same time, or the one that comes closest.
public func balancedLength(of count: Int, among lengths: [Int]) -> Int {
    func longerShare(_ length: Int) -> Int {
        let pieces = (count + length - 1) / length
        let last = count - (pieces - 1) * length
        return pieces / 2 * length + (pieces % 2 == 0 ? 0 : last)
    }
    let shortest = lengths.map(longerShare).min() ?? count
    return lengths.first { longerShare($0) * 32 <= shortest * 33 } ?? lengths[0]
}
