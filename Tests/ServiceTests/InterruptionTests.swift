import Durability
import Foundation
import JobFiles
import Service
import Tensors
import Testing

/// Signals at chosen and at random moments; whatever happens, the same bytes come out.
@Suite(
    "Interruptions",
    .enabled(if: BuiltProgram.path != nil, "the program is not built"),
    .serialized
)
struct InterruptionTests {
    /// What must not depend on interruptions; logs and timings may.
    private static let results = [
        "job.h5", "history.csv", "sensitivity.csv", "kept-channels.json", "spec.yaml",
    ]
    private static let spec = TemporarySpool.spec(
        epochs: 12,
        adding: "checkpoint_every: 0\nmax_attempts: 100"
    )

    private static func undisturbed() throws -> [[UInt8]] {
        let place = try TemporarySpool()
        try place.drop("job", spec: spec)
        #expect(try BuiltProgram.drain(place.spool) == 0)
        return try results.map { try place.delivered("job/\($0)") }
    }

    private func claim(_ place: TemporarySpool) throws -> JobFolder {
        try place.drop("job", spec: Self.spec)
        let pair = InboxPair(stem: "job", model: "job.h5", spec: "job.yaml")
        let identity = DaemonIdentity(boot: "of no daemon", run: 1)
        let claim = Claim(place.spool, identity: identity, files: place.files)
        let job = try #require(try claim.take(pair, identifier: 1))
        // Free, so that the daemon that drains the spool later takes it over at once.
        let free = JobFolder(path: "\(place.spool.work)/\(job.identifier)")
        try place.files.rename(job.path, to: free.path)
        return free
    }

    /// Looks again until something holds, at most half a minute, however slow the machine.
    private func wait(until holds: () throws -> Bool) throws {
        let deadline = Date(timeIntervalSinceNow: 30)
        while try !holds(), Date() < deadline { Thread.sleep(forTimeInterval: 0.005) }
    }

    @Test("a worker killed after one more checkpoint each time ends bit for bit the same")
    func kills() throws {
        let expected = try Self.undisturbed()
        let place = try TemporarySpool()
        let job = try claim(place)
        var random = CounterRandom(seed: 12, stage: "kills")
        var moments: [Double] = []
        var hits = 0
        for _ in 0..<8 {
            moments.append(Double.random(in: 0...0.05, using: &random))
            let before = try newestCheckpoint(of: job)
            let worker = try BuiltProgram.start(["work", job.path])
            try wait { try newestCheckpoint(of: job) > before || !worker.isRunning }
            Thread.sleep(forTimeInterval: moments.last ?? 0)
            kill(worker.processIdentifier, SIGKILL)
            worker.waitUntilExit()
            hits += worker.terminationReason == .uncaughtSignal ? 1 : 0
        }
        #expect(hits >= 3, "the job was done before it could be disturbed")
        #expect(try BuiltProgram.drain(place.spool) == 0, "killed after \(moments) s")
        let log = String(decoding: try place.delivered("job/job.log"), as: UTF8.self)
        #expect(log.contains("resumed from checkpoint"), "starting over is no resumption")
        #expect(log.split(separator: "\n").count { $0.hasSuffix(" started") } == 1)
        let found = try Self.results.map { try place.delivered("job/\($0)") }
        for (name, (left, right)) in zip(Self.results, zip(expected, found)) {
            #expect(left == right, "\(name) differs, killed after \(moments) s")
        }
        #expect(try place.deliveries() == ["job"])
    }

    @Test(
        "a daemon killed with its worker at a job goes on where it was, without a second delivery"
    )
    func killedDaemon() throws {
        let place = try TemporarySpool()
        try place.drop("job", spec: Self.spec)
        for _ in 0..<2 {
            let daemon = try BuiltProgram.start([
                "serve", "--root", place.root, "--settle", "0.05", "--poll", "0.1",
            ])
            try wait { try place.spool.jobs(on: place.files).contains { try stage(of: $0) != nil } }
            // The worker lives on as an orphan and holds the job's lock.
            kill(daemon.processIdentifier, SIGKILL)
            daemon.waitUntilExit()
            #expect(try place.spool.jobs(on: place.files).count == 1, "it was killed at the job")
        }
        #expect(try BuiltProgram.drain(place.spool) == 0)
        #expect(try place.deliveries() == ["job"])
        #expect(try place.files.names(in: place.spool.done).count == 1)
        #expect(try place.spool.jobs(on: place.files).isEmpty)
    }

    @Test("SIGTERM ends a worker with status 75 and a checkpoint, and costs no attempt")
    func termination() throws {
        let place = try TemporarySpool()
        let job = try claim(place)
        try place.files.removeFile("\(job.drop)/job.yaml")
        let long = TemporarySpool.spec(epochs: 10_000)
        try place.files.writeNew(Array(long.utf8), to: "\(job.drop)/job.yaml")
        let worker = try BuiltProgram.start(["work", job.path])
        let deadline = Date(timeIntervalSinceNow: 30)
        while try stage(of: job) != "distillation", Date() < deadline {
            Thread.sleep(forTimeInterval: 0.02)
        }
        // Past the checkpoint that every new stage saves; the next would be due in half a minute.
        Thread.sleep(forTimeInterval: 0.3)
        let before = try newestCheckpoint(of: job)
        worker.terminate()
        worker.waitUntilExit()
        #expect(worker.terminationReason == .exit && worker.terminationStatus == 75)
        #expect(try newestCheckpoint(of: job) > before, "the steps since are saved")
        #expect(try job.attemptCount(on: place.files) == 0)
        #expect(try place.deliveries().isEmpty)
    }

    private func newestCheckpoint(of job: JobFolder) throws -> Int64 {
        let files = RealFileSystem()
        let names = try files.names(in: job.path).filter { $0.hasPrefix("checkpoint.") }
        return try names.map { try files.status(of: "\(job.path)/\($0)").modifiedNanoseconds }
            .max() ?? 0
    }

    private func stage(of job: JobFolder) throws -> String? {
        try job.progress(on: RealFileSystem())?.stage
    }

    @Test("two workers at one job: one does it, the other says try again later")
    func twoWorkers() throws {
        let place = try TemporarySpool()
        let job = try claim(place)
        let lock = try JobLock(path: job.lock)
        #expect(try BuiltProgram.run(["work", job.path]) == 75)
        lock.release()
        #expect(try BuiltProgram.run(["work", job.path]) == 0)
    }

    @Test("a run interrupted between its result and the delivery delivers under the model's name")
    func interruptedRun() throws {
        let place = try TemporarySpool()
        let job = JobFolder(path: "\(place.spool.outbox)/.espalier-a~b")
        try place.files.makeDurableFolder(job.staging)
        try place.files.writeNew([1], to: "\(job.staging)/metrics.json")
        let receipt = #"{"isFailure": false, "name": "a~b", "stem": "a~b"}"#
        try place.files.writeNew(Array(receipt.utf8), to: job.receipt)
        let delivery = Delivery(job, outbox: place.spool.outbox, files: place.files)
        let path = try #require(try delivery.resume()).path
        #expect(path == "\(place.spool.outbox)/a~b")
        #expect(try delivery.resume()?.path == path, "asked again, it says the same")
    }
}
