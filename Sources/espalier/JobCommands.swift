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
        let display = ProgressDisplay()
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
            observe: display.show
        )
        let outcome = worker.run()
        display.end()
        if case .done(let path) = outcome {
            try files.removeTree(job.path)
            let metrics = try JSONText.value(
                JobMetrics.self,
                from: files.read("\(path)/metrics.json", limit: 1 << 26)
            )
            say(BeforeAfterTable(metrics).lines.joined(separator: "\n"))
        }
        if case .failed = outcome { try files.removeTree(job.path) }
        try finish(outcome)
    }
}

struct Work: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Does one claimed job; the daemon starts this."
    )

    @Argument(help: "The job's folder.") var job: String

    func run() throws {
        let files = RealFileSystem()
        let folder = JobFolder(path: job)
        let root = URL(filePath: job).deletingLastPathComponent().deletingLastPathComponent().path
        let spool = Spool(root: root)
        let stop = StopSignal()
        stop.listen()
        let model = try folder.dropped(.model, on: files)
        let spec = try folder.dropped(.spec, on: files)
        let worker = Worker(
            job: folder,
            stem: folder.stem,
            model: model,
            spec: spec,
            outbox: spool.outbox,
            dataFolders: spool.dataFolders,
            files: files,
            stop: stop,
            clock: monotonicSeconds,
            readSpec: JobRequest.reading(_:),
            observe: { _ in }
        )
        try finish(worker.run())
    }
}

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watches the inbox and does every job dropped there."
    )

    @Option(help: "The folder with inbox, outbox and work.") var root = "."
    @Option(help: "A YAML file with poll, settle, grace, stall, rest and concurrency.")
    var config: String?
    @Flag(help: "Drain the inbox and exit.") var once = false
    @Option(help: "Seconds between looks at the inbox (10).") var poll: Double?
    @Option(help: "Seconds a drop must lie unchanged (2).") var settle: Double?
    @Option(help: "Seconds a cut-off copy is waited for (600).") var grace: Double?

    func run() throws {
        let stop = StopSignal()
        stop.listen()
        let path = URL(filePath: root).standardizedFileURL.path
        let environment = ProcessInfo.processInfo.environment
        let log = Logger(label: "espalier") { _ in
            JournalLogHandler(hasPriorities: environment["JOURNAL_STREAM"] != nil)
        }
        let supervisor = Supervisor(
            spool: Spool(root: path),
            identity: .ofThisProcess(),
            settings: try settings(),
            files: RealFileSystem(),
            stop: stop,
            notifier: ServiceNotifier(socketPath: environment["NOTIFY_SOCKET"]),
            log: log
        )
        do {
            let tally = try supervisor.run(once: once)
            guard once else { return }
            if tally.failed > 0 { throw ExitCode(1) }
            if tally.left > 0 { throw ExitCode(75) }
        } catch let error as JobLockError {
            say("espalier: \(path): \(error)")
            throw ExitCode(73)
        } catch let error as FileSystemError {
            say("espalier: \(error)")
            throw ExitCode(73)
        }
    }

    /// Flags before the file, the file before the defaults.
    private func settings() throws -> SupervisorSettings {
        var settings = SupervisorSettings()
        if let config {
            do {
                let text = try RealFileSystem().read(config, limit: 1 << 20)
                settings = try SupervisorSettings(
                    configuration: String(decoding: text, as: UTF8.self)
                )
            } catch {
                say("espalier: \(config): \(error)")
                throw ExitCode(78)
            }
        }
        settings.pollSeconds = poll ?? settings.pollSeconds
        settings.settleSeconds = settle ?? settings.settleSeconds
        settings.graceSeconds = grace ?? settings.graceSeconds
        return settings
    }
}
