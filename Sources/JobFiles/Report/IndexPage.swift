/// `outbox/index.html`: all jobs on one page that loads itself again.
public struct IndexPage: Sendable {
    private struct Page {
        var title: String
        /// How many jobs there are of each state.
        var summary: String
        var updatedAt: String
        /// Seconds until the page loads itself again.
        var refreshSeconds: Int
        var sections: [Section]
    }

    private struct Section {
        var anchor: String
        var title: String
        var jobs: [Job]
        /// Shown where there are no jobs.
        var nothing: String?
    }

    private struct Job {
        var name: String
        var link: String?
        var text: String
        var detail: String?
        /// The share that is done, in percent.
        var percent: String?
        var code: String?
        var spark: Markup?
    }

    private let list: JobList

    /// Seconds between two loads of the page while jobs run, and while none does.
    private static let refreshSeconds = (busy: 5, idle: 30)

    /// Prepares a page.
    public init(_ list: JobList) { self.list = list }

    /// The page, UTF-8.
    public var html: String {
        let running = list.jobs.filter { $0.state == .running }
        let waiting = list.jobs.filter { $0.state == .waiting || $0.state == .paused }
        let done = list.jobs.filter { $0.state == .done }
        let failed = list.jobs.filter { $0.state == .failed }
        let sections = [
            section("running", "At work", running, nothing: "No job is at work."),
            section("waiting", "Waiting", waiting, nothing: nil),
            section("done", "Done", done, nothing: "No job is done yet."),
            section("failed", "Failed", failed, nothing: nil),
        ]
        return PageTemplate.index.filled(
            with: Page(
                title: running.isEmpty ? "Espalier" : "Espalier: \(running.count) at work",
                summary: "\(running.count) at work, \(waiting.count) waiting, \(done.count) done, "
                    + "\(failed.count) failed",
                updatedAt: Report.time(list.updatedAt),
                refreshSeconds: running.isEmpty && waiting.isEmpty
                    ? Self.refreshSeconds.idle : Self.refreshSeconds.busy,
                sections: sections.filter { !$0.jobs.isEmpty || $0.nothing != nil }
            )
        )
    }

    private func section(
        _ anchor: String,
        _ title: String,
        _ entries: [JobList.Entry],
        nothing: String?
    ) -> Section {
        let jobs = entries.enumerated().map { index, entry in
            job(entry, identifier: "\(anchor)-\(index)")
        }
        return Section(
            anchor: anchor,
            title: jobs.isEmpty ? title : "\(title) (\(jobs.count))",
            jobs: jobs,
            nothing: jobs.isEmpty ? nothing : nil
        )
    }

    private func job(_ entry: JobList.Entry, identifier: String) -> Job {
        var job = Job(name: entry.name, link: entry.report.map(Self.address), text: "")
        switch entry.state {
        case .waiting: job.text = "Waits for its turn."
        case .paused: job.text = "Paused by its owner until it is resumed."
        case .running:
            guard let progress = entry.progress else {
                job.text = "Begins."
                break
            }
            job.text =
                (progress.student.map { "Student \($0.text). " } ?? "")
                + "\(progress.stage.capitalizedFirst), step \(progress.step) of \(progress.steps)"
                + (progress.secondsLeft.map { "; about \(NumberText.duration($0)) left" } ?? "")
            job.detail = progress.message + Self.interruptions(progress.resumes.count)
            job.percent = NumberText.fixed(100 * progress.share, 1)
        case .done:
            guard let result = entry.result else { break }
            job.text = Self.sentence(result)
            job.detail = entry.changedAt.map { "Delivered \(Report.time($0))." }
            job.spark = Self.spark(result, identifier: identifier).map(Markup.init)
        case .failed:
            guard let failure = entry.failure else { break }
            job.text = failure.message
            job.detail = "What to do: \(failure.hint)"
            job.code = failure.code
        }
        return job
    }

    private static func interruptions(_ count: Int) -> String {
        switch count {
        case 0: ""
        case 1: ". Interrupted once; nothing was lost."
        default: ". Interrupted \(count) times; nothing was lost."
        }
    }

    private static func sentence(_ result: JobSummary) -> String {
        var text =
            (result.students.map { "The best of \($0) students: " } ?? "")
            + "\(NumberText.percent(result.macs.share, digits: 1)) of the macs, "
            + "\(NumberText.percent(result.parameters.share, digits: 1)) of the parameters"
        if let accuracy = result.accuracy {
            text +=
                "; accuracy \(NumberText.percent(accuracy.before)) → "
                + "\(NumberText.percent(accuracy.after))"
        }
        return text
    }

    /// Cost to the right, accuracy upwards; from 0 to the teacher's.
    private static func spark(_ result: JobSummary, identifier: String) -> String? {
        guard let accuracy = result.accuracy, accuracy.before > 0 else { return nil }
        return SparkLine(
            identifier: "spark-\(identifier)",
            title: "Accuracy over macs: \(sentence(result))",
            points: [
                LineChart.Point(x: 1, y: 1, name: "teacher"),
                LineChart.Point(
                    x: result.macs.share,
                    y: accuracy.after / accuracy.before,
                    name: "student"
                ),
            ]
        ).markup
    }

    /// A path as a relative address: what is not plain in an address is written as percent and two digits.
    static func address(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return "./"
            + path.utf8.map { byte in
                let scalar = Unicode.Scalar(byte)
                let isPlain =
                    scalar.isASCII
                    && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                        || "-._~/".unicodeScalars.contains(scalar))
                return isPlain
                    ? String(scalar) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }.joined()
    }
}
