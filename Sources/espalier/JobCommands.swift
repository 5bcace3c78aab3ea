import ArgumentParser
import Durability
import Foundation
import Service

/// Seconds since some moment, by a clock that only goes forward.
private func monotonicSeconds() -> Double { ProcessInfo.processInfo.systemUptime }

/// Ends a command as its worker ended.
private func finish(_ outcome: WorkerOutcome) throws {
    switch outcome {
    case .done(let path): print(path)
    case .failed(let path, let failure):
        say("espalier: \(failure.message)\n\(failure.hint) [\(failure.code)]\n\(path)")
        throw ExitCode(1)
    case .later(let reason):
        say("espalier: \(reason); run it again to go on")
        throw ExitCode(75)
    case .cannotDeliver(let error):
        say("espalier: \(error)")
        throw ExitCode(73)
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
        let isTerminal = isatty(STDERR_FILENO) == 1
        let worker = Worker(
            job: job,
            stem: stem,
            model: model,
            spec: spec,
            outbox: out,
            dataFolders: [FileManager.default.currentDirectoryPath],
            files: files,
            stop: stop,
            clock: monotonicSeconds,
            readSpec: JobRequest.reading(_:),
            observe: { Self.show($0, isTerminal: isTerminal) }
        )
        let outcome = worker.run()
        if isTerminal { say("") }
        if case .done = outcome { try files.removeTree(job.path) }
        if case .failed = outcome { try files.removeTree(job.path) }
        try finish(outcome)
    }

    private static func show(_ progress: JobProgress, isTerminal: Bool) {
        let done = progress.steps > 0 ? Double(progress.step) / Double(progress.steps) : 1
        let filled = Int(done * 20)
        let bar =
            String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
        let line =
            "\(progress.stage) [\(bar)] \(progress.step)/\(progress.steps) \(progress.message)"
        FileHandle.standardError.write(
            Data((isTerminal ? "\r\u{1B}[K\(line.prefix(110))" : "\(line)\n").utf8)
        )
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
    @Option(help: "The most bytes of memory.") var memory: Int?

    func run() throws {
        let files = RealFileSystem()
        let folder = JobFolder(path: job)
        let root = URL(filePath: job).deletingLastPathComponent().deletingLastPathComponent().path
        let spool = Spool(root: root, outbox: outbox)
        let limits = WorkerLimits(
            isConfined: confined,
            threads: threads,
            memoryBytes: memory,
            layout: outboxLayout
        )
        limits.limitMemory()
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
            readSpec: JobRequest.reading(_:),
            observe: { _ in }
        )
        worker.limits = limits
        try finish(worker.run())
    }
}

extension OutboxLayout: ExpressibleByArgument {}

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the jobs at work, with their stages and steps."
    )

    @OptionGroup var place: PlaceOptions
    @Flag(help: "For programs.") var json = false
    @Flag(help: "Look again every second, until interrupted.") var watch = false

    func run() throws {
        repeat {
            try list()
            if watch { Thread.sleep(forTimeInterval: 1) }
        } while watch
    }

    private func list() throws {
        let files = RealFileSystem()
        let spool = try place.spool()
        guard try files.statusIfPresent(of: spool.work) != nil else {
            say("espalier: \(spool.work) is not there; is this the daemon's root?")
            throw ExitCode(65)
        }
        var jobs: [JobProgress] = []
        for job in try spool.jobs(on: files) {
            if let progress = try job.progress(on: files) { jobs.append(progress) }
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            print(String(decoding: try encoder.encode(jobs), as: UTF8.self))
        } else {
            for job in jobs {
                print("\(job.name): \(job.stage) \(job.step)/\(job.steps) \(job.message)")
            }
        }
    }
}
