import Durability
import Foundation
import Glibc
import JobFiles
import Service
import Testing

/// One job from the inbox to the outbox on a file system that fails at one operation, whichever that is.
///
/// `ESPALIER_FAULTS=all` tries every operation; without it every 61st of each kind of fault is tried.
@Suite("Faults", .serialized)
struct FaultTests {
    /// A job with one student, and one with four.
    enum Job: String, CaseIterable {
        case one, several

        var spec: String {
            """
            data: {file: data.h5}
            budget: {macs: \(self == .one ? "0.6" : "[0.7, 0.6]")}
            method: \(self == .one ? "genetic" : "[genetic, l1]")
            round_to: 1
            min_channels: 2
            batch: 64
            allocation: {weighted: 0}
            sensitivity: {fractions: [0.3, 0.6]}
            search: {generations: 2, population: 4}
            distillation: {epochs: 1}
            """
        }

        /// The files whose bytes do not depend on times.
        var results: [String] {
            let own = [
                "job.h5", "history.csv", "sensitivity.csv", "kept-channels.json", "spec.yaml",
            ]
            guard self == .several else { return own }
            return ["spec.yaml"]
                + ["genetic-macs-0.7", "genetic-macs-0.6", "l1-macs-0.7", "l1-macs-0.6"].flatMap {
                    student in own.map { "\(student)/\($0)" }
                }
        }
    }

    private let place: TemporarySpool
    private let spool = Spool(root: "/spool")

    init() throws { place = try TemporarySpool() }

    /// A file system in memory with a drop in the inbox, as it would survive a power cut.
    private func dropped(_ job: Job) throws -> InMemoryFileSystem {
        let files = InMemoryFileSystem()
        try spool.prepare(on: files)
        try publish(try TemporarySpool.model(), to: "\(spool.inbox)/job.h5", on: files)
        try publish(Array(job.spec.utf8), to: "\(spool.inbox)/job.yaml", on: files)
        return files
    }

    /// What a daemon does with one job between start and stop, in this process.
    ///
    /// - Returns: Whether the job is settled.
    private func serve(_ files: any FileSystem, run: UInt32) throws -> Bool {
        try spool.prepare(on: files)
        let identity = DaemonIdentity(boot: "\(run)", run: run)
        let ownership = JobOwnership(
            spool: spool,
            identity: identity,
            leaseSeconds: 0,
            files: files
        )
        let claim = Claim(spool, identity: identity, files: files)
        var jobs = try ownership.takeOver().filter { try claim.complete($0) }
        let names = try files.names(in: spool.inbox).filter { !$0.hasPrefix(".") }
        if names == ["job.h5", "job.yaml"] {
            let pair = InboxPair(stem: "job", model: "job.h5", spec: "job.yaml")
            if let job = try claim.take(pair, identifier: run) { jobs.append(job) }
        }
        for job in jobs {
            let attempts = try job.attemptCount(on: files)
            try job.setAttemptCount(attempts + 1, on: files)
            switch try work(job, files) {
            case .done: try spool.settle(job, failed: false, on: files)
            case .failed(_, let failure):
                Issue.record("a fault of the file system failed the job: \(failure)")
                try spool.settle(job, failed: true, on: files)
            case .later, .cannotDeliver: return false
            }
        }
        return try spool.jobs(on: files).isEmpty && files.names(in: spool.inbox).isEmpty
    }

    private func work(_ job: JobFolder, _ files: any FileSystem) throws -> WorkerOutcome {
        let model = try job.dropped(.model, on: files)
        let spec = try job.dropped(.spec, on: files)
        var seconds = 0.0
        return Worker(
            job: job,
            stem: job.stem,
            model: model,
            spec: spec,
            outbox: spool.outbox,
            dataFolders: [place.spool.root + "/data"],
            files: files,
            stop: StopSignal(),
            clock: {
                // Each look at the clock finds two seconds gone: a status and a checkpoint now and then.
                seconds += 2
                return seconds
            },
            readSpec: { text throws(JobFailure) in try JobRequest.reading(text) },
            observe: { _ in }
        ).run()
    }

    private func delivered(_ job: Job, _ files: any FileSystem) throws -> [[UInt8]] {
        let path = "\(spool.outbox)/job"
        let sums = String(
            decoding: try files.read("\(path)/SHA256SUMS", limit: 1 << 20),
            as: UTF8.self
        )
        for line in sums.split(separator: "\n") {
            let name = line.split(separator: " ").last ?? ""
            let bytes = try files.read("\(path)/\(name)", limit: 1 << 24)
            #expect(
                line.hasPrefix("\(SHA256.hash(bytes))"),
                "\(name) is not what its checksum says"
            )
        }
        return try job.results.map { try files.read("\(path)/\($0)", limit: 1 << 24) }
    }

    /// The kinds of fault, and for a power cut what it leaves of bytes that were not synchronised.
    private static let faults:
        [(
            name: String, fault: FaultyFileSystem.Fault,
            left: InMemoryFileSystem.UnsynchronizedBytes
        )] = [
            ("EIO", .error(EIO), .kept), ("ENOSPC", .error(ENOSPC), .kept),
            ("EINTR", .error(EINTR), .kept), ("short write, ENOSPC", .half(ENOSPC), .kept),
            ("power cut, bytes lost", .powerCut, .lost),
            ("power cut, bytes torn", .powerCut, .torn),
            ("power cut, bytes kept", .powerCut, .kept),
        ]

    @Test(
        "whichever operation fails, in whichever way, the job is delivered once, with equal bytes",
        arguments: Job.allCases
    )
    func everyOperation(job: Job) throws {
        let undisturbed = try dropped(job)
        let counter = FaultyFileSystem(undisturbed, fault: .powerCut, at: .max)
        #expect(try serve(counter, run: 1))
        let expected = try delivered(job, undisturbed)
        let count = counter.operations
        let isThorough = ProcessInfo.processInfo.environment["ESPALIER_FAULTS"] == "all"
        let step = isThorough ? 1 : job == .one ? 61 : 251
        var tried = 0
        for (index, fault) in Self.faults.enumerated() {
            for point in stride(from: 1 + index * 3 % step, through: count, by: step) {
                let files = try dropped(job)
                try expectRecovery(of: files, fault.fault, fault.left, at: point, fault.name)
                guard try files.names(in: spool.outbox).contains("job") else { continue }
                #expect(
                    try delivered(job, files) == expected,
                    "\(fault.name) at operation \(point): other bytes"
                )
                tried += 1
            }
        }
        #expect(count > 100 && tried >= count / step * Self.faults.count)
        print("faults, \(job): \(tried) of \(count * Self.faults.count) points tried")
    }

    private func expectRecovery(
        of files: InMemoryFileSystem,
        _ fault: FaultyFileSystem.Fault,
        _ left: InMemoryFileSystem.UnsynchronizedBytes,
        at point: Int,
        _ name: String
    ) throws {
        let faulty = FaultyFileSystem(files, fault: fault, at: point)
        var isSettled = false
        for run in 1...4 where !isSettled {
            do {
                let place: any FileSystem = faulty.isOff ? files : faulty
                isSettled = try serve(place, run: UInt32(run))
            } catch is FileSystemError {
                // The daemon is started again.
            }
            if faulty.isOff, run == 1 { files.losePower(keeping: left) }
        }
        #expect(isSettled, "\(name) at operation \(point): not settled")
        #expect(
            try files.names(in: spool.outbox) == ["job"],
            "\(name) at operation \(point): not exactly one delivery"
        )
        let kept = try files.names(in: spool.done)
        #expect(kept.count == 1, "\(name) at operation \(point): the drop is kept once")
    }
}
