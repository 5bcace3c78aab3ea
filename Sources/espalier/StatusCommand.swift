import ArgumentParser
import Durability
import Foundation
import JobFiles
import Service

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the jobs, with stages, steps and time left."
    )

    @OptionGroup var place: PlaceOptions
    @Flag(help: "For programs: what outbox/status.json holds.") var json = false
    @Flag(help: "Look again every second, until interrupted.") var watch = false

    func run() throws {
        let files = RealFileSystem()
        let spool = try place.spool()
        for folder in [spool.inbox, spool.outbox, spool.work]
        where try files.statusIfPresent(of: folder) == nil {
            say("espalier: \(folder) is not there; is this the daemon's root?")
            throw ExitCode(65)
        }
        var listing = JobListing(spool, files: files)
        let isTerminal = isatty(STDOUT_FILENO) == 1
        var drawn = 0
        repeat {
            let list = try listing.list(now: Date())
            if json {
                show(JSONText.text(of: list))
            } else {
                let width = isTerminal ? terminalWidth() - 1 : 400
                let lines = TerminalProgress.lines(list, width: width)
                // Up to where the last drawing began, and everything below goes.
                let before = isTerminal && drawn > 0 ? "\u{1B}[\(drawn)A\r\u{1B}[J" : ""
                show(before + lines.joined(separator: "\n") + "\n")
                drawn = lines.count
            }
            if watch { Thread.sleep(forTimeInterval: 1) }
        } while watch
    }

    private func show(_ text: String) {
        FileHandle.standardOutput.write(Data(text.utf8))
    }
}
