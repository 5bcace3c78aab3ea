import Durability
import Glibc

/// A program of the administrator's that is told of each delivery.
public struct DeliveryHook: Hashable, Sendable {
    /// Its absolute path; it is started without a shell.
    public var program: String
    /// Seconds after which it is ended.
    public var limitSeconds: Double

    /// Makes a hook.
    public init(program: String, limitSeconds: Double) {
        self.program = program
        self.limitSeconds = limitSeconds
    }
}

/// How a run of the hook ended.
enum HookEnding: Hashable {
    case done
    case failed(String)
    case timedOut
    case notStarted(String)
}

/// Runs the hook for one delivery after the other, beside the daemon's own work.
///
/// Each delivery is told at least once: the mark in the job's folder is made before the job is settled and removed after
/// the program has ended, so a daemon that dies between tells it again.
final class HookQueue {
    private struct Run {
        let job: JobFolder
        let process: ChildProcess
        let lock: any FileLock
        let deadline: ContinuousClock.Instant
        var wasAsked = false
    }

    private let hook: DeliveryHook
    private let outbox: String
    private let files: any FileSystem
    private var waiting: [JobFolder] = []
    private var current: Run?
    /// How long a program that was asked to end may take before it is killed, in seconds.
    private static let patience = 5.0

    init(_ hook: DeliveryHook, outbox: String, files: any FileSystem) {
        self.hook = hook
        self.outbox = outbox
        self.files = files
    }

    var isIdle: Bool { current == nil && waiting.isEmpty }

    /// Marks a job that is about to be settled.
    func mark(_ job: JobFolder) throws(FileSystemError) {
        try files.touch(job.pendingHook)
        try files.synchronizeFolder(job.path)
    }

    /// Tells of a job that is settled now.
    func add(_ job: JobFolder) { waiting.append(job) }

    /// Finds the deliveries that an earlier daemon was not done telling of.
    func recover(from spool: Spool) throws(FileSystemError) {
        for folder in [spool.done, spool.failed] {
            for name in try files.names(in: folder) {
                let job = JobFolder(path: "\(folder)/\(name)")
                if try files.statusIfPresent(of: job.pendingHook) != nil { waiting.append(job) }
            }
        }
    }

    /// Starts the next run, ends one beyond its limit, and says which ended.
    func poll() throws -> (job: JobFolder, ending: HookEnding)? {
        if let run = current { return try look(at: run) }
        guard !waiting.isEmpty else { return nil }
        let job = waiting.removeFirst()
        return try start(job).map { (job, $0) }
    }

    /// Asks a running program to end; its delivery is told again by the next daemon.
    func stop() {
        current?.process.signal(SIGTERM, toGroup: true)
    }

    private func look(at run: Run) throws -> (job: JobFolder, ending: HookEnding)? {
        guard let ending = run.process.ending else {
            let over = ContinuousClock.now - run.deadline
            if over > .seconds(Self.patience) {
                run.process.signal(SIGKILL, toGroup: true)
            } else if over > .zero, !run.wasAsked {
                run.process.signal(SIGTERM, toGroup: true)
                current?.wasAsked = true
            }
            return nil
        }
        current = nil
        defer { run.lock.release() }
        try files.removeFile(run.job.pendingHook)
        if run.wasAsked { return (run.job, .timedOut) }
        switch ending {
        case .exit(0): return (run.job, .done)
        case .exit(let status): return (run.job, .failed("status \(status)"))
        case .signal(let number): return (run.job, .failed("signal \(number)"))
        }
    }

    private func start(_ job: JobFolder) throws -> HookEnding? {
        guard let delivered = try Delivery(job, outbox: outbox, files: files).resume() else {
            return .notStarted("there is no receipt")
        }
        // Another daemon may be telling of it.
        guard let lock = try lock(job.pendingHook) else { return nil }
        let process: ChildProcess
        do {
            process = try ChildProcess(
                hook.program,
                arguments: [hook.program, delivered.path],
                variables: [
                    "ESPALIER_JOB": job.stem,
                    "ESPALIER_RESULT": delivered.isFailure ? "failed" : "done",
                ],
                isSilent: false
            )
        } catch {
            lock.release()
            return .notStarted("\(error)")
        }
        let deadline = ContinuousClock.now + .seconds(hook.limitSeconds)
        current = Run(job: job, process: process, lock: lock, deadline: deadline)
        return nil
    }

    /// The lock of a mark, or nil where another daemon has it.
    private func lock(_ path: String) throws -> (any FileLock)? {
        do throws(JobLockError) {
            return try files.lock(path)
        } catch {
            switch error {
            case .held: return nil
            case .failed(let failure): throw failure
            }
        }
    }
}
