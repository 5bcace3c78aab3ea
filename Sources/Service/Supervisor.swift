import Durability
import Foundation
import JobFiles
import Logging

/// What became of the jobs of one run of the daemon.
public struct SupervisorTally: Hashable, Sendable {
    /// Jobs that were delivered as failures.
    public var failed = 0
    /// Jobs that are still to be done.
    public var left = 0
}

/// A claimed job without a worker.
struct WaitingJob {
    let job: JobFolder
    /// When it may be tried next.
    var notBefore = ContinuousClock.now
    /// Whether another process was at it.
    var wasHeld = false

    init(_ job: JobFolder) { self.job = job }
}

/// Takes drops from the inbox and gives each to a worker process of its own.
///
/// A worker that crashes or hangs costs its job an attempt; a job folder that cannot be used costs that job a rest.
/// Neither costs the daemon its life or another job its turn.
public final class Supervisor {
    let configuration: DaemonConfiguration
    let stop: StopSignal
    let notifier: ServiceNotifier
    let log: Logger
    let files: any FileSystem
    let ownership: JobOwnership
    var scanner: InboxScanner
    var workers: [WorkerProcess] = []
    /// Claimed jobs without a worker, in order.
    var queue: [WaitingJob] = []
    var ready: [InboxPair] = []
    var isSettled = true
    var told: Set<String> = []
    /// Drops of the last scan that could not be claimed.
    var unclaimed = 0
    var tally = SupervisorTally()
    private var publisher: JobListPublisher
    private var nextRenewal = ContinuousClock.now
    let hooks: HookQueue?
    var ranking: JobRanking
    var metrics: DaemonMetrics
    var metricsTime = -Double.infinity
    /// Jobs that their owners paused, by identifier.
    var paused: Set<String> = []
    /// Drops of the last scan that are still being written, and those without their other half.
    var unready = (settling: 0, incomplete: 0)
    var nextSweep = ContinuousClock.now
    /// The last stage of each running job that was told.
    var stages: [String: String] = [:]

    /// What a worker exits with when its job is to be tried again later.
    public static let laterStatus: Int32 = 75
    /// Deaths without progress after which a job is given up whose spec was never read.
    public static let defaultAttempts = 3

    /// Prepares a daemon.
    public init(
        configuration: DaemonConfiguration,
        identity: DaemonIdentity,
        files: any FileSystem,
        stop: StopSignal,
        notifier: ServiceNotifier,
        log: Logger
    ) {
        self.files = files
        self.configuration = configuration
        let (spool, settings) = (configuration.spool, configuration.settings)
        hooks = configuration.hook.map { HookQueue($0, outbox: spool.outbox, files: files) }
        ranking = JobRanking(files: files)
        metrics = DaemonMetrics(startTime: Date().timeIntervalSince1970)
        ownership = JobOwnership(
            spool: spool,
            identity: identity,
            leaseSeconds: settings.leaseSeconds,
            files: files
        )
        self.stop = stop
        self.notifier = notifier
        self.log = log
        publisher = JobListPublisher(spool, files: files)
        scanner = InboxScanner(
            settleSeconds: settings.settleSeconds,
            graceSeconds: settings.graceSeconds
        )
    }

    var spool: Spool { configuration.spool }
    var settings: SupervisorSettings { configuration.settings }

    /// Works until asked to stop, or with `once` until nothing more can be done now.
    ///
    /// - Throws: `FileSystemError` or ``JobLockError`` where the root cannot be used.
    public func run(once: Bool) throws -> SupervisorTally {
        try spool.prepare(on: files)
        let lock = try ownership.lockOfDaemon()
        defer { lock.release() }
        let watch = DirectoryWatch(spool.inbox)
        takeOverJobs()
        try hooks?.recover(from: spool)
        notifier.send("READY=1\nSTATUS=watching \(spool.inbox)")
        log.info("serving \(spool.root), \(queue.count) jobs to go on with")
        var nextScan = ContinuousClock.now
        var hasNews = true
        while !stop.isRequested {
            reap()
            hasNews = watch.hasEvents() || hasNews
            // Files that settle are looked at again each second; a hint alone must not make a busy loop.
            renewLeases()
            if hasNews || ContinuousClock.now >= nextScan {
                takeOverJobs()
                scan()
                hasNews = false
                nextScan =
                    .now
                    + .seconds(isSettled ? settings.pollSeconds : min(settings.pollSeconds, 0.5))
            }
            startWorkers()
            runHooks()
            operate()
            publishJobs()
            if once, workers.isEmpty, ready.isEmpty, isSettled, !isAnyWaitedFor,
                hooks?.isIdle ?? true
            {
                break
            }
            notifier.send("WATCHDOG=1\nSTATUS=\(summary)")
            Thread.sleep(forTimeInterval: once ? 0.02 : 0.2)
        }
        endWorkers()
        hooks?.stop()
        exportMetrics()
        publishJobs(isLast: true)
        tally.left = queue.count + ready.count + unclaimed
        for waiting in queue { try ownership.release(waiting.job) }
        try files.removeFile(spool.daemonLock(of: ownership.identity))
        return tally
    }

    /// Goes on with jobs that no living daemon is at.
    func takeOverJobs() {
        do throws(FileSystemError) {
            for job in try ownership.takeOver() where try claims.complete(job) {
                report(job, "taken over", level: .notice)
                queue.append(WaitingJob(job))
            }
        } catch {
            tell("cannot take over: \(error)", level: .error)
        }
    }

    var claims: Claim { Claim(spool, identity: ownership.identity, files: files) }

    /// Shows that this daemon lives; a job that somebody else took meanwhile is let go.
    private func renewLeases() {
        guard ContinuousClock.now >= nextRenewal else { return }
        nextRenewal = .now + .seconds(settings.leaseSeconds / 6)
        for worker in workers where !isOurs(worker.job) {
            worker.kill()
            workers.removeAll { $0 === worker }
        }
        queue.removeAll { !isOurs($0.job) }
    }

    private func isOurs(_ job: JobFolder) -> Bool {
        do throws(FileSystemError) {
            if try ownership.renew(job) { return true }
            report(job, "another daemon has taken it over", level: .warning)
            return false
        } catch {
            tell("\(job.identifier): \(error)", level: .error, of: job)
            return true
        }
    }

    /// Whether a job in the queue will go on by itself: another process holds it, or it died and has attempts left.
    var isAnyWaitedFor: Bool {
        queue.contains {
            !paused.contains($0.job.identifier) && ($0.wasHeld || $0.notBefore <= .now)
        }
    }

    /// Keeps the lists of jobs in the outbox; what cannot be written now is written at the next look.
    private func publishJobs(isLast: Bool = false) {
        do throws(FileSystemError) {
            let seconds = isLast ? .infinity : ProcessInfo.processInfo.systemUptime
            try publisher.publish(workers: workers.map(\.job), seconds: seconds, now: Date())
        } catch {
            tell("outbox: \(error)", level: .error)
        }
    }

    /// Says each thing once.
    func tell(_ text: String, level: Logger.Level = .notice, of job: JobFolder? = nil) {
        guard told.insert(text).inserted else { return }
        log.log(level: level, "\(text)", metadata: job.map(Self.fields))
    }

    /// Says something about a job.
    func report(_ job: JobFolder, _ text: String, level: Logger.Level = .info) {
        log.log(level: level, "\(job.identifier): \(text)", metadata: Self.fields(of: job))
    }

    /// The journal's fields of a job: its drop's name, and what tells it from others of that name.
    private static func fields(of job: JobFolder) -> Logger.Metadata {
        ["job": "\(job.stem)", "job_id": "\(job.identifier)"]
    }
}

extension Supervisor {
    /// Looks at the inbox; one that cannot be read now is looked at again later.
    private func scan() {
        do throws(FileSystemError) {
            let decision = scanner.decide(
                try spool.inboxEntries(on: files),
                now: try spool.now(on: files)
            )
            ready = decision.ready
            unclaimed = 0
            isSettled = decision.waiting.isEmpty && decision.arriving.isEmpty
            unready = (decision.waiting.count + decision.arriving.count, decision.lone.count)
            for name in decision.lone { tell("\(name): waiting for its other half") }
            for name in decision.irregular { tell("\(name): not a regular file, ignored") }
            for wish in decision.wishes { try fulfil(wish, decision) }
        } catch {
            tell("inbox: \(error)", level: .error)
            ready = []
            isSettled = true
        }
    }

    @discardableResult
    func claim(_ pair: InboxPair) throws(FileSystemError) -> JobFolder? {
        let identifier = UInt32.random(in: .min ... .max)
        guard let job = try claims.take(pair, identifier: identifier) else {
            return nil
        }
        queue.append(WaitingJob(job))
        return job
    }

    func attempt(_ job: JobFolder) {
        do {
            guard !isHeld(job) else {
                tell("\(job.identifier): another process is at it, waiting", of: job)
                return rest(job)
            }
            let attempts = try job.attemptCount(on: files)
            if attempts >= (try job.attemptLimit(on: files) ?? Self.defaultAttempts) {
                return try giveUp(job, for: .interruptedRepeatedly(attempts))
            }
            try job.setAttemptCount(attempts + 1, on: files)
            workers.append(
                try WorkerProcess(job, arguments: configuration.workerArguments)
            )
            metrics.attempts += 1
            report(job, "attempt \(attempts + 1)")
        } catch {
            tell("\(job.identifier): \(error)", level: .error, of: job)
            rest(job)
        }
    }

    private func rest(_ job: JobFolder) {
        var waiting = WaitingJob(job)
        waiting.wasHeld = isHeld(job)
        waiting.notBefore += .seconds(waiting.wasHeld ? 0.5 : settings.restSeconds)
        queue.append(waiting)
    }

    private func giveUp(_ job: JobFolder, for failure: JobFailure) throws {
        let spec = try job.dropped(.spec, on: files)
        let prefix = configuration.outboxLayout.prefix(at: Date().timeIntervalSince1970)
        let delivery = Delivery(job, outbox: spool.outbox, files: files, prefix: prefix)
        var isFailure = true
        if let before = try delivery.resume() {
            isFailure = before.isFailure
        } else {
            _ = try delivery.deliver(failure, stem: job.stem, spec: spec)
        }
        try settle(job, failed: isFailure)
    }

    /// Whether a worker, of this daemon or one that outlived an earlier one, is at a job.
    private func isHeld(_ job: JobFolder) -> Bool {
        do throws(JobLockError) {
            try files.lock(job.lock).release()
            return false
        } catch {
            switch error {
            case .held: return true
            case .failed: return false
            }
        }
    }

    private func reap() {
        for worker in workers {
            do {
                guard let ending = worker.ending else {
                    try watch(worker)
                    continue
                }
                workers.removeAll { $0 === worker }
                // One that was killed for want of progress is counted as that already.
                if case .died = ending, !worker.wasKilled { metrics.deaths += 1 }
                if case .died = ending, let verdict = worker.verdict {
                    try giveUp(worker.job, for: verdict)
                } else {
                    try take(ending, of: worker.job)
                }
            } catch {
                tell("\(worker.job.identifier): \(error)", level: .error, of: worker.job)
                if worker.ending != nil { rest(worker.job) }
            }
        }
    }

    private func watch(_ worker: WorkerProcess) throws(FileSystemError) {
        guard !worker.wasKilled else { return }
        let most = configuration.memoryBytes
        if most > 0, let bytes = worker.residentBytes, bytes > most {
            let failure = JobFailure.memoryExceeded(bytes, most: most)
            report(worker.job, failure.message, level: .error)
            return worker.kill(for: failure)
        }
        guard try worker.silence(on: files) > .seconds(settings.stallSeconds) else { return }
        metrics.stalls += 1
        report(
            worker.job,
            "no progress in \(NumberText.duration(settings.stallSeconds)), killed",
            level: .error
        )
        worker.kill()
    }

    private func take(_ ending: WorkerProcess.Ending, of job: JobFolder) throws {
        switch ending {
        case .done: try settle(job, failed: false)
        case .failed: try settle(job, failed: true)
        case .later:
            // Stopped in order, so the attempt does not count.
            try job.setAttemptCount(max(0, try job.attemptCount(on: files) - 1), on: files)
            if try job.isPaused(on: files) {
                report(job, "paused, its progress is saved", level: .notice)
            } else {
                report(job, "to be tried again later", level: .warning)
            }
            rest(job)
        case .died(let reason):
            report(job, "its worker died, \(reason)", level: .error)
            queue.append(WaitingJob(job))
        }
    }

    private func settle(_ job: JobFolder, failed: Bool) throws(FileSystemError) {
        try hooks?.mark(job)
        try spool.settle(job, failed: failed, on: files)
        if failed { tally.failed += 1 }
        let settled = JobFolder(path: "\(failed ? spool.failed : spool.done)/\(job.identifier)")
        announce(settled, failed: failed)
        hooks?.add(settled)
    }

    /// Stops all workers at their next step and waits for them.
    private func endWorkers() {
        notifier.send("STOPPING=1\nSTATUS=waiting for workers to save their checkpoints")
        for worker in workers { worker.askToStop() }
        while !workers.isEmpty {
            reap()
            // A stop may take as long as a checkpoint takes to write, however large.
            notifier.send("WATCHDOG=1" + (isSaving ? "\nEXTEND_TIMEOUT_USEC=30000000" : ""))
            Thread.sleep(forTimeInterval: 0.05)
        }
    }
}
