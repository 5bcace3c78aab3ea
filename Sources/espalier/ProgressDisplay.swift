import Foundation
import JobFiles

/// Shows how far a job is on standard error: a line that is drawn over on a terminal, a plain line now and then elsewhere.
final class ProgressDisplay {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var stage = ""
    private var lastLine = -Double.infinity

    /// Seconds between two plain lines of one stage.
    private static let pause = 15.0

    func show(_ progress: JobProgress) {
        let now = ProcessInfo.processInfo.systemUptime
        let isNew = progress.stage != stage
        let line = TerminalProgress.line(progress, width: isTerminal ? terminalWidth() - 1 : 400)
        if isTerminal {
            // The line of a stage that ended stays.
            let before = isNew && !stage.isEmpty ? "\n" : "\r\u{1B}[K"
            FileHandle.standardError.write(Data((before + line).utf8))
        } else if isNew || now - lastLine >= Self.pause {
            say(line)
            lastLine = now
        }
        stage = progress.stage
    }

    func end() {
        if isTerminal, !stage.isEmpty { say("") }
    }
}

/// The columns of the terminal, 80 where it does not say.
func terminalWidth() -> Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 80 }
    return Int(size.ws_col)
}
