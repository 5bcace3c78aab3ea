import Durability
import Foundation

/// Takes drops from the inbox and gives each to a worker process of its own, one at a time.
///
/// A crash of a worker costs its job an attempt, never the daemon its life.
public struct Supervisor {
    private let spool: Spool
    private let stop: StopSignal
    private let notifier: ServiceNotifier
    private let files = RealFileSystem()
    private var scanner: InboxScanner
    private let pollSeconds: Double
    private let log: (String) -> Void
    private var failures = 0

    /// Deaths without progress after which a job is given up.
    public static let maximumAttempts = 3
    /// What a worker exits with when its job is to be tried again later.
    public static let laterStatus: Int32 = 75

    /// Prepares a daemon.
    public init(
        spool: Spool,
        scanner: InboxScanner,
        pollSeconds: Double,
        stop: StopSignal,
        notifier: ServiceNotifier,
        log: @escaping (String) -> Void
    ) {
        self.spool = spool
        self.scanner = scanner
        self.pollSeconds = pollSeconds
        self.stop = stop
        self.notifier = notifier
        self.log = log
    }

    /// Works until asked to stop, or with `once` until nothing is left to claim.
    ///
    /// - Returns: The number of jobs that failed.
    public mutating func run(once: Bool) throws -> Int {
        try spool.prepare(on: files)
        let lock = try JobLock(path: "\(spool.work)/.daemon.lock")
        defer { lock.release() }
        notifier.send("READY=1\nSTATUS=watching \(spool.inbox)")
        var postponed: Set<JobFolder> = []
        for job in try Claim(spool, files: files).recover() where !stop.isRequested {
            if try !work(on: job) { postponed.insert(job) }
        }
        while !stop.isRequested {
            for job in postponed.sorted(by: { $0.path < $1.path }) where !stop.isRequested {
                if try work(on: job) { postponed.remove(job) }
            }
            let decision = scanner.decide(
                try spool.inboxEntries(on: files),
                now: try spool.now(on: files)
            )
            for pair in decision.ready where !stop.isRequested {
                let identifier = UInt32.random(in: .min ... .max)
                let claim = Claim(spool, files: files)
                if let job = try claim.take(pair, identifier: identifier), try !work(on: job) {
                    postponed.insert(job)
                }
            }
            if once, decision.ready.isEmpty, decision.waiting.isEmpty { break }
            pause(once ? min(pollSeconds, 0.2) : pollSeconds)
        }
        notifier.send("STOPPING=1")
        return failures
    }

    /// Runs workers until the job is settled.
    ///
    /// - Returns: Whether it is; false where it is to be tried again later.
    private mutating func work(on job: JobFolder) throws -> Bool {
        while !stop.isRequested {
            guard try isFree(job) else { return false }
            let attempts = try job.attemptCount(on: files)
            if attempts >= Self.maximumAttempts {
                let spec = try job.dropped(.spec, on: files)
                let delivery = Delivery(job, outbox: spool.outbox, files: files)
                if try delivery.resume() == nil {
                    _ = try delivery.deliver(
                        .interruptedRepeatedly(attempts),
                        stem: job.stem,
                        spec: spec
                    )
                }
                try settle(job, failed: true)
                return true
            }
            try job.setAttemptCount(attempts + 1, on: files)
            log("\(job.identifier): attempt \(attempts + 1)")
            switch try runWorker(job) {
            case 0:
                try settle(job, failed: false)
                return true
            case 1:
                try settle(job, failed: true)
                return true
            case Self.laterStatus:
                try job.setAttemptCount(attempts, on: files)
                return false
            case let status: log("\(job.identifier): its worker died, status \(status)")
            }
        }
        return false
    }

    /// A worker that outlived its daemon is waited for by looking again.
    private func isFree(_ job: JobFolder) throws(FileSystemError) -> Bool {
        do throws(JobLockError) {
            try JobLock(path: job.lock).release()
            return true
        } catch {
            switch error {
            case .held: return false
            case .failed(let error): throw error
            }
        }
    }

    private func runWorker(_ job: JobFolder) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe")
        process.arguments = ["work", job.path]
        try process.run()
        var isAskedToStop = false
        while process.isRunning {
            if stop.isRequested, !isAskedToStop {
                process.terminate()
                isAskedToStop = true
            }
            notifier.send("WATCHDOG=1\nSTATUS=working on \(job.identifier)")
            Thread.sleep(forTimeInterval: 0.1)
        }
        process.waitUntilExit()
        return process.terminationReason == .exit
            ? process.terminationStatus : 128 + process.terminationStatus
    }

    private mutating func settle(_ job: JobFolder, failed: Bool) throws(FileSystemError) {
        let target = failed ? spool.failed : spool.done
        if failed { failures += 1 }
        try files.rename(job.path, to: "\(target)/\(job.identifier)")
        try files.synchronizeFolder(target)
        try files.synchronizeFolder(spool.work)
        log("\(job.identifier): \(failed ? "failed" : "done")")
    }

    private func pause(_ seconds: Double) {
        var left = seconds
        while left > 0, !stop.isRequested {
            notifier.send("WATCHDOG=1\nSTATUS=watching \(spool.inbox)")
            Thread.sleep(forTimeInterval: min(left, 0.5))
            left -= 0.5
        }
    }
}
