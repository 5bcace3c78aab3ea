import ArgumentParser
import Durability
import Foundation
import Logging
import Service

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watches the inbox and does every job dropped there.",
        discussion: """
            A flag counts before the environment (ESPALIER_ and the flag's name), that before the file, and that \
            before the default. The file is the one of --config or ESPALIER_CONFIG, else \
            ~/.config/espalier/espalier.yaml, else /etc/espalier/espalier.yaml; see espalier.yaml(5).
            """
    )

    @Flag(help: "Drain the inbox and exit.") var once = false
    @Flag(help: "Show every setting and who made it, and exit.") var printConfig = false
    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let stop = StopSignal()
        stop.listen()
        let resolved = try options.resolved()
        if printConfig { return print(resolved.text, terminator: "") }
        try options.check(resolved)
        let configuration = resolved.configuration
        let environment = ProcessInfo.processInfo.environment
        let log = Logger(label: "espalier") { _ in
            JournalLogHandler(journalStream: environment["JOURNAL_STREAM"])
        }
        let supervisor = Supervisor(
            configuration: configuration,
            identity: .ofThisProcess(),
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
            say("espalier: \(configuration.root): \(error)")
            throw ExitCode(73)
        } catch let error as FileSystemError {
            say("espalier: \(error)")
            throw ExitCode(73)
        }
    }
}
