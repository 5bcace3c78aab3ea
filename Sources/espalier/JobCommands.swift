import ArgumentParser
import Durability
import Foundation
import JobFiles
import Logging
import Service

/// Seconds since some moment, by a clock that only goes forward.
private func monotonicSeconds() -> Double { ProcessInfo.processInfo.systemUptime }

/// Ends a command as its worker ended.
private func finish(_ outcome: WorkerOutcome) throws {
    switch outcome {
    case .done(let path): print(path)
    case .failed(let path, let failure):
        say("espalier: \(failure.message)\n\(failure.hint) [\(failure.code)]\n\(path)")
    case .later(let reason): say("espalier: \(reason); run it again to go on")
    case .cannotDeliver(let error): say("espalier: \(error)")
    }
    if outcome.status != 0 { throw ExitCode(outcome.status) }
}

extension WorkerOutcome {
    /// The exit status that says the same.
    fileprivate var status: Int32 {
        switch self {
        case .done: 0
        case .failed: 1
        case .later: 75
        case .cannotDeliver: 73
        }
    }
}

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Does one job in the foreground; goes on where it was interrupted."
    )

    @Argument(help: "The model.") var model: String
    @Argument(help: "The spec.") var spec: String
    @Option(help: "Where the result goes.") var out = "."

    func run() throws {
        try ForegroundJob(model: model, spec: spec, out: out).run()
    }
}

struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Does one job by several methods and lays the students side by side."
    )

    @Argument(help: "The model.") var model: String
    @Argument(help: "The spec; its own method is not asked.") var spec: String
    @Option(help: "The methods, joined by commas, or all.") var methods = "all"
    @Option(help: "Where the result goes.") var out = "."

    private var names: [String] {
        let names = methods.split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        return names.contains("all") ? JobSpec.everyMethod : names
    }

    func validate() throws {
        let known = JobSpec.everyMethod
        guard !names.isEmpty, names.allSatisfy(known.contains), Set(names).count == names.count
        else {
            throw ValidationError(
                "Received \(methods). Expected all, or some of \(known.joined(separator: ",")) once."
            )
        }
    }

    func run() throws {
        var job = ForegroundJob(model: model, spec: spec, out: out)
        job.methods = names
        try job.run()
    }
}

/// A job done here and now, with its progress on the terminal.
private struct ForegroundJob {
    let model: String
    let spec: String
    let out: String
    /// Methods in place of the spec's.
    var methods: [String]?

    func run() throws {
        let stem = URL(filePath: model).deletingPathExtension().lastPathComponent
        let files = RealFileSystem()
        let job = JobFolder(path: "\(out)/.espalier-\(stem)")
        do {
            try files.makeDurableFolder(job.path)
        } catch {
            say("espalier: \(error)")
            throw ExitCode(73)
        }
        let stop = StopSignal()
        stop.listen()
        let display = ProgressDisplay()
        var worker = Worker(
            job: job,
            stem: stem,
            model: model,
            spec: spec,
            outbox: out,
            dataFolders: [FileManager.default.currentDirectoryPath],
            files: files,
            stop: stop,
            clock: monotonicSeconds,
            readSpec: { [methods] text throws(JobFailure) in
                try JobRequest.reading(text, methods: methods)
            },
            observe: display.show
        )
        worker.screening = ModelScreening()
        let outcome = worker.run()
        display.end()
        if case .done(let path) = outcome {
            try files.removeTree(job.path)
            say(try Self.table(of: path, files).joined(separator: "\n"))
        }
        if case .failed = outcome { try files.removeTree(job.path) }
        try finish(outcome)
    }
}

extension ForegroundJob {
    /// What came of the job: teacher and student, or teacher and students.
    fileprivate static func table(of path: String, _ files: RealFileSystem) throws -> [String] {
        func value<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
            try JSONText.value(type, from: files.read("\(path)/\(name)", limit: 1 << 26))
        }
        let comparison = "comparison.json"
        guard try files.statusIfPresent(of: "\(path)/\(comparison)") != nil else {
            return BeforeAfterTable(try value(JobMetrics.self, "metrics.json")).lines
        }
        return ComparisonTable(try value(ComparisonMetrics.self, comparison)).lines
    }
}

struct Work: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Does one claimed job; the daemon starts this."
    )

    @Argument(help: "The job's folder.") var job: String
    @Option(help: "Where to deliver; the outbox beside the job's folder if not given.")
    var outbox: String?
    @Option(help: "How deliveries are called: plain or dated.")
    var outboxLayout = OutboxLayout.plain
    @Option(help: "A folder in which data files are looked for; may be given several times.")
    var dataFolder: [String] = []
    @Flag(help: "Read data files from these folders only.") var confined = false
    @Option(help: "The most threads.") var threads: Int?

    func run() throws {
        let files = RealFileSystem()
        let folder = JobFolder(path: job)
        let root = URL(filePath: job).deletingLastPathComponent().deletingLastPathComponent().path
        let spool = Spool(root: root, outbox: outbox)
        let limits = WorkerLimits(
            isConfined: confined,
            threads: threads,
            layout: outboxLayout
        )
        let stop = StopSignal()
        stop.listen()
        let model = try folder.dropped(.model, on: files)
        let spec = try folder.dropped(.spec, on: files)
        var worker = Worker(
            job: folder,
            stem: folder.stem,
            model: model,
            spec: spec,
            outbox: spool.outbox,
            dataFolders: dataFolder.isEmpty ? spool.dataFolders : dataFolder,
            files: files,
            stop: stop,
            clock: monotonicSeconds,
            readSpec: { text throws(JobFailure) in try JobRequest.reading(text) },
            observe: { _ in }
        )
        worker.limits = limits
        worker.screening = ModelScreening()
        try tell(worker.run(), of: folder)
    }

    /// Says how the job ended as a line about it, with the journal's fields, and ends so.
    private func tell(_ outcome: WorkerOutcome, of job: JobFolder) throws {
        let stream = ProcessInfo.processInfo.environment["JOURNAL_STREAM"]
        var log = Logger(label: "espalier") { _ in JournalLogHandler(journalStream: stream) }
        log[metadataKey: "job"] = "\(job.stem)"
        log[metadataKey: "job_id"] = "\(job.identifier)"
        switch outcome {
        case .done(let path): print(path)
        case .failed(_, let failure):
            log.warning("\(job.identifier): \(failure.message) \(failure.hint) [\(failure.code)]")
        case .later(let reason): log.notice("\(job.identifier): \(reason)")
        case .cannotDeliver(let error): log.error("\(job.identifier): \(error)")
        }
        if outcome.status != 0 { throw ExitCode(outcome.status) }
    }
}

extension OutboxLayout: ExpressibleByArgument {}
