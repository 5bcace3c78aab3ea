/// All jobs of a spool: `outbox/status.json`, and what `outbox/index.html` shows.
public struct JobList: Codable, Hashable, Sendable {
    /// What has become of a job.
    public enum State: String, Codable, Hashable, Sendable, CaseIterable {
        /// In the inbox or claimed, without a worker yet.
        case waiting
        /// Its owner wants it to wait.
        case paused
        /// A worker is at it.
        case running
        /// Delivered.
        case done
        /// Delivered as a failure.
        case failed
    }

    /// One job.
    public struct Entry: Codable, Hashable, Sendable {
        /// The name of the drop, or of its folder in the outbox.
        public var name: String
        /// What has become of it.
        public var state: State
        /// When it was delivered or last got further, ISO 8601 in UTC; nil before its first attempt.
        public var changedAt: String?
        /// How far it is, while a worker is at it.
        public var progress: JobProgress?
        /// What came of it, once it is done.
        public var result: JobSummary?
        /// Why it failed.
        public var failure: JobFailure?
        /// Where the report is, from the outbox; nil where there is none.
        public var report: String?

        /// Makes an entry.
        public init(
            name: String,
            state: State,
            changedAt: String? = nil,
            progress: JobProgress? = nil,
            result: JobSummary? = nil,
            failure: JobFailure? = nil,
            report: String? = nil
        ) {
            self.name = name
            self.state = state
            self.changedAt = changedAt
            self.progress = progress
            self.result = result
            self.failure = failure
            self.report = report
        }
    }

    /// The version of the keys; it rises when one is taken away or changes its meaning.
    public var schemaVersion = 1
    /// When this was written, ISO 8601 in UTC.
    public var updatedAt: String
    /// The jobs: running, waiting or paused, then those delivered, the newest first.
    public var jobs: [Entry]

    /// Makes a list.
    public init(updatedAt: String, jobs: [Entry]) {
        self.updatedAt = updatedAt
        self.jobs = jobs
    }
}

/// What came of a job, in a few numbers.
public struct JobSummary: Codable, Hashable, Sendable {
    /// The accuracy, on test samples where there were some; nil without labels.
    public var accuracy: BeforeAfter<Double>?
    /// Multiply-accumulates of one sample.
    public var macs: BeforeAfter<Int>
    /// All weights.
    public var parameters: BeforeAfter<Int>
    /// How many students there are, of a job with several: the numbers are the best one's.
    public var students: Int?

    /// Makes a summary.
    public init(
        accuracy: BeforeAfter<Double>?,
        macs: BeforeAfter<Int>,
        parameters: BeforeAfter<Int>,
        students: Int? = nil
    ) {
        self.students = students
        self.accuracy = accuracy
        self.macs = macs
        self.parameters = parameters
    }

    /// The part of `metrics.json` that is summed up; whatever else it holds may be of another version.
    public struct Source: Decodable {
        struct Model: Codable, Hashable, Sendable {
            var test: QualityMetrics?
            var heldOut: QualityMetrics
            var macs: Int
            var parameters: Int
        }

        let model: BeforeAfter<Model>
    }

    /// Takes the best student's numbers out of a comparison; nil where none keeps its budget.
    public init?(_ comparison: ComparisonMetrics) {
        guard let best = comparison.best else { return nil }
        let (before, after) = (comparison.teacher, best.model)
        if let left = before.quality.accuracy, let right = after.quality.accuracy {
            accuracy = BeforeAfter(before: left, after: right)
        }
        macs = BeforeAfter(before: before.macs, after: after.macs)
        parameters = BeforeAfter(before: before.parameters, after: after.parameters)
        students = comparison.students.count
    }

    /// Takes the numbers out of the metrics.
    public init(_ metrics: Source) {
        let (before, after) = (metrics.model.before, metrics.model.after)
        let left = (before.test ?? before.heldOut).accuracy
        let right = (after.test ?? after.heldOut).accuracy
        if let left, let right {
            accuracy = BeforeAfter(before: left, after: right)
        }
        macs = BeforeAfter(before: before.macs, after: after.macs)
        parameters = BeforeAfter(before: before.parameters, after: after.parameters)
    }
}
