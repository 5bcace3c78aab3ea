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
private struct WaitingJob {
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
    let spool: Spool
    let settings: SupervisorSettings
    let stop: StopSignal
    let notifier: ServiceNotifier
    let log: Logger
    let files: any FileSystem
    private let ownership: JobOwnership
    private var scanner: InboxScanner
    private var workers: [WorkerProcess] = []
    /// Claimed jobs without a worker, in order.
    private var queue: [WaitingJob] = []
    private var ready: [InboxPair] = []
    private var isSettled = true
    private var told: Set<String> = []
    /// Drops of the last scan that could not be claimed.
    private var unclaimed = 0
    private var tally = SupervisorTally()
    private var publisher: JobListPublisher
    private var nextRenewal = ContinuousClock.now

    /// What a worker exits with when its job is to be tried again later.
    public static let laterStatus: Int32 = 75
    /// Deaths without progress after which a job is given up whose spec was never read.
    public static let defaultAttempts = 3

    /// Prepares a daemon.
    public init(
        spool: Spool,
        identity: DaemonIdentity,
        settings: SupervisorSettings,
        files: any FileSystem,
        stop: StopSignal,
        notifier: ServiceNotifier,
        log: Logger
    ) {
        self.files = files
        ownership = JobOwnership(
            spool: spool,
            identity: identity,
            leaseSeconds: settings.leaseSeconds,
            files: files
        )
        self.spool = spool
        self.settings = settings
        self.stop = stop
        self.notifier = notifier
        self.log = log
        publisher = JobListPublisher(spool, files: files)
        scanner = InboxScanner(
            settleSeconds: settings.settleSeconds,
            graceSeconds: settings.graceSeconds
        )
    }

    /// Works until asked to stop, or with `once` until nothing more can be done now.
    ///
    /// - Throws: `FileSystemError` or ``JobLockError`` where the root cannot be used.
    public func run(once: Bool) throws -> SupervisorTally {
        try spool.prepare(on: files)
        let lock = try ownership.lockOfDaemon()
        defer { lock.release() }
        let watch = DirectoryWatch(spool.inbox)
        takeOverJobs()
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
            publishJobs()
            if once, workers.isEmpty, ready.isEmpty, isSettled, !isAnyWaitedFor { break }
            notifier.send("WATCHDOG=1\nSTATUS=\(summary)")
            Thread.sleep(forTimeInterval: once ? 0.02 : 0.2)
        }
        endWorkers()
        publishJobs(isLast: true)
        tally.left = queue.count + ready.count + unclaimed
        for waiting in queue { try ownership.release(waiting.job) }
        try files.removeFile(spool.daemonLock(of: ownership.identity))
        return tally
    }

    /// Goes on with jobs that no living daemon is at.
    private func takeOverJobs() {
        do throws(FileSystemError) {
            for job in try ownership.takeOver() where try claims.complete(job) {
                log.notice("\(job.identifier): taken over")
                queue.append(WaitingJob(job))
            }
        } catch {
            tell("cannot take over: \(error)", level: .error)
        }
    }

    private var claims: Claim { Claim(spool, identity: ownership.identity, files: files) }

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
            log.warning("\(job.identifier): another daemon has taken it over")
            return false
        } catch {
            tell("\(job.identifier): \(error)", level: .error)
            return true
        }
    }

    /// Whether a job in the queue will go on by itself: another process holds it, or it died and has attempts left.
    private var isAnyWaitedFor: Bool {
        queue.contains { $0.wasHeld || $0.notBefore <= .now }
    }

    private var summary: String {
        guard let worker = workers.first else { return "watching \(spool.inbox)" }
        let others = queue.count + ready.count + workers.count - 1
        return "\(worker.job.identifier): \(progress(of: worker.job)), \(others) more"
    }

    private func progress(of job: JobFolder) -> String {
        // A line for people: what cannot be read now is there at the next look.
        guard let status = try? job.progress(on: files) else { return "starting" }
        return "\(status.stage) \(status.step)/\(status.steps)"
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
    private func tell(_ text: String, level: Logger.Level = .notice) {
        if told.insert(text).inserted { log.log(level: level, "\(text)") }
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
            isSettled = decision.waiting.isEmpty
            for name in decision.lone { tell("\(name): waiting for its other half") }
            for name in decision.irregular { tell("\(name): not a regular file, ignored") }
            for stem in decision.cancelled { try cancel(stem, decision) }
        } catch {
            tell("inbox: \(error)", level: .error)
            ready = []
            isSettled = true
        }
    }

    /// Hands `NAME.cancel` to the jobs of that name; without one it goes out of the way of a later drop.
    private func cancel(_ stem: String, _ decision: InboxDecision) throws(FileSystemError) {
        let wish = "\(spool.inbox)/\(stem).cancel"
        let short = DropName.shortened(stem)
        let named = try spool.jobs(on: files).filter { $0.stem == short }
        if let job = named.first {
            try files.rename(wish, to: job.cancellation)
            log.notice("\(job.identifier): to be cancelled")
        } else if let pair = (decision.ready + decision.waiting).first(where: { $0.stem == stem }) {
            ready.removeAll { $0 == pair }
            guard let job = try claim(pair) else { return }
            try files.rename(wish, to: job.cancellation)
        } else if !decision.lone.contains(where: { DropName($0).stem == stem }) {
            try files.rename(wish, to: "\(spool.failed)/\(stem).cancel")
            log.notice("\(stem).cancel: there is no such job")
        }
    }

    @discardableResult
    private func claim(_ pair: InboxPair) throws(FileSystemError) -> JobFolder? {
        let identifier = UInt32.random(in: .min ... .max)
        guard let job = try claims.take(pair, identifier: identifier) else {
            return nil
        }
        queue.append(WaitingJob(job))
        return job
    }

    /// Fills the free places: first with claimed jobs, then with new ones.
    private func startWorkers() {
        var index = 0
        while workers.count < settings.concurrency, index < queue.count {
            let entry = queue[index]
            guard entry.notBefore <= .now else {
                index += 1
                continue
            }
            queue.remove(at: index)
            attempt(entry.job)
        }
        // A job that rests or is held by an orphaned worker must not keep others waiting.
        while workers.count < settings.concurrency, !ready.isEmpty {
            do throws(FileSystemError) {
                let pair = ready.removeFirst()
                guard try claim(pair) != nil, let entry = queue.popLast() else { continue }
                attempt(entry.job)
            } catch {
                tell("cannot claim: \(error)", level: .error)
                unclaimed += 1
                return
            }
        }
    }

    private func attempt(_ job: JobFolder) {
        do {
            guard !isHeld(job) else {
                tell("\(job.identifier): another process is at it, waiting")
                return rest(job)
            }
            let attempts = try job.attemptCount(on: files)
            if attempts >= (try job.attemptLimit(on: files) ?? Self.defaultAttempts) {
                return try giveUp(job, after: attempts)
            }
            try job.setAttemptCount(attempts + 1, on: files)
            workers.append(try WorkerProcess(job))
            log.info("\(job.identifier): attempt \(attempts + 1)")
        } catch {
            tell("\(job.identifier): \(error)", level: .error)
            rest(job)
        }
    }

    private func rest(_ job: JobFolder) {
        var waiting = WaitingJob(job)
        waiting.wasHeld = isHeld(job)
        waiting.notBefore += .seconds(waiting.wasHeld ? 0.5 : settings.restSeconds)
        queue.append(waiting)
    }

    private func giveUp(_ job: JobFolder, after attempts: Int) throws {
        let spec = try job.dropped(.spec, on: files)
        let delivery = Delivery(job, outbox: spool.outbox, files: files)
        var isFailure = true
        if let before = try delivery.resume() {
            isFailure = before.isFailure
        } else {
            _ = try delivery.deliver(.interruptedRepeatedly(attempts), stem: job.stem, spec: spec)
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
                try take(ending, of: worker.job)
            } catch {
                tell("\(worker.job.identifier): \(error)", level: .error)
                if worker.ending != nil { rest(worker.job) }
            }
        }
    }

    private func watch(_ worker: WorkerProcess) throws(FileSystemError) {
        guard !worker.wasKilled,
            try worker.silence(on: files) > .seconds(settings.stallSeconds)
        else { return }
        log.error("\(worker.job.identifier): no progress in \(settings.stallSeconds) s, killed")
        worker.kill()
    }

    private func take(_ ending: WorkerProcess.Ending, of job: JobFolder) throws {
        switch ending {
        case .done: try settle(job, failed: false)
        case .failed: try settle(job, failed: true)
        case .later:
            // Stopped in order, so the attempt does not count.
            try job.setAttemptCount(max(0, try job.attemptCount(on: files) - 1), on: files)
            log.warning("\(job.identifier): to be tried again later")
            rest(job)
        case .died(let reason):
            log.error("\(job.identifier): its worker died, \(reason)")
            queue.append(WaitingJob(job))
        }
    }

    private func settle(_ job: JobFolder, failed: Bool) throws(FileSystemError) {
        try spool.settle(job, failed: failed, on: files)
        if failed { tally.failed += 1 }
        log.info("\(job.identifier): \(failed ? "failed" : "done")")
    }

    /// Stops all workers at their next step and waits for them.
    private func endWorkers() {
        notifier.send("STOPPING=1\nSTATUS=waiting for workers to save their checkpoints")
        for worker in workers { worker.askToStop() }
        while !workers.isEmpty {
            reap()
            notifier.send("WATCHDOG=1")
            Thread.sleep(forTimeInterval: 0.05)
        }
    }
}
