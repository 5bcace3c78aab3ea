/// The report of a job that could not be done: what is wrong, what to do, how far it got.
public struct FailureReport: Sendable {
    private struct Page {
        var title: String
        var name: String
        var code: String
        var headline: String
        /// Several faults, one by one, where the headline only counts them.
        var faults: [String]
        var hint: String
        var context: [ReportPage.Fact]
        var progress: String?
        var log: String?
    }

    private let name: String
    private let failure: JobFailure
    private let progress: JobProgress?
    private let log: String

    /// Prepares a report.
    ///
    /// - Parameters:
    ///   - name: The name of the drop.
    ///   - failure: Why it failed.
    ///   - progress: How far the job got, where a worker has said so.
    ///   - log: What happened, line by line.
    public init(name: String, failure: JobFailure, progress: JobProgress?, log: String) {
        self.name = name
        self.failure = failure
        self.progress = progress
        self.log = log
    }

    /// The page, UTF-8.
    public var html: String {
        PageTemplate.failure.filled(
            with: Page(
                title: "\(name) could not be compressed",
                name: name,
                code: failure.code,
                headline: faults.isEmpty
                    ? failure.message : "There are \(faults.count) faults in the spec.",
                faults: faults.map(\.value),
                hint: failure.hint,
                context: failure.context.filter { entry in
                    !faults.contains { $0.key == entry.key }
                }.sorted { $0.key < $1.key }
                    .map { ReportPage.Fact(name: $0.key, value: $0.value) },
                progress: progress.flatMap { $0.stage.isEmpty ? nil : $0.sentence },
                log: log.isEmpty ? nil : log
            )
        )
    }

    /// The context entries that are faults at places of the spec, where there are several.
    private var faults: [(key: String, value: String)] {
        let faults = failure.context.filter { $0.key.hasPrefix("/") }.sorted { $0.key < $1.key }
        return faults.count > 1 ? faults : []
    }

    /// The same as text: `failure.md`.
    public var markdown: String {
        var text = """
            # \(name) could not be compressed

            \(failure.message)

            What to do: \(failure.hint)

            Code: `\(failure.code)`

            """
        for (key, value) in failure.context.sorted(by: { $0.key < $1.key }) {
            text += "- \(key): \(value)\n"
        }
        return text
    }
}

extension JobProgress {
    /// How far the job got, in a sentence.
    var sentence: String {
        let times = attempts == 1 ? "one attempt" : "\(attempts) attempts"
        let seconds = stageTimes.reduce(0) { $0 + $1.wallSeconds }
        return "It got to \(stage), step \(step) of \(steps), in \(times) and "
            + "\(NumberText.duration(seconds)) of work. The last word was: \(message)"
    }
}
