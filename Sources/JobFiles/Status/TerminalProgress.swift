/// How far jobs are, in lines for a terminal or a log.
public enum TerminalProgress {
    /// A bar of ASCII characters: `[=====>....]`.
    package static func bar(_ share: Double, width: Int = 20) -> String {
        let filled = share.isFinite ? Int(min(max(share, 0), 1) * Double(width)) : 0
        guard filled < width else { return "[" + String(repeating: "=", count: width) + "]" }
        return "[" + String(repeating: "=", count: filled) + ">"
            + String(repeating: ".", count: width - filled - 1) + "]"
    }

    /// One line: stage, bar, steps, time left, and what the last step found.
    ///
    /// - Parameters:
    ///   - progress: How far the job is.
    ///   - width: The most characters.
    /// - Returns: The line, without control characters.
    public static func line(_ progress: JobProgress, width: Int) -> String {
        var parts =
            (progress.student.map { ["\($0.text):"] } ?? []) + [
                progress.stage.padded(to: 12), bar(progress.share),
                "\(progress.step)/\(progress.steps)",
            ]
        if progress.steps > 1, let seconds = progress.stageSecondsLeft, progress.share < 1 {
            parts.append("\(NumberText.duration(seconds)) left")
        }
        if let seconds = progress.secondsLeft, seconds > progress.stageSecondsLeft ?? 0 {
            parts.append("(job \(NumberText.duration(seconds)))")
        }
        parts.append(progress.message)
        return parts.joined(separator: " ").displayable.replacing("\n", with: " ")
            .shortened(to: width)
    }

    /// All jobs that are not delivered, one or two lines each, and a line that counts the others.
    public static func lines(_ list: JobList, width: Int) -> [String] {
        var lines: [String] = []
        for entry in list.jobs {
            switch entry.state {
            case .running:
                lines.append(entry.name.displayable.shortened(to: width))
                lines.append(
                    "  "
                        + (entry.progress.map { line($0, width: width - 2) } ?? "begins")
                )
            case .waiting, .paused:
                lines.append("\(entry.name.displayable): \(entry.state)".shortened(to: width))
            case .done, .failed: continue
            }
        }
        let done = list.jobs.count { $0.state == .done }
        let failed = list.jobs.count { $0.state == .failed }
        return lines + ["\(done) done, \(failed) failed in the outbox"]
    }
}
