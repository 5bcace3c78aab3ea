/// Several students of one teacher side by side: `comparison.json` of a job with several methods or budgets.
///
/// Each student's own numbers are in its folder; these are the ones that compare.
public struct ComparisonMetrics: Codable, Hashable, Sendable {
    /// One student.
    public struct Student: Codable, Hashable, Sendable {
        /// Its folder beside this file.
        public var name: String
        /// The method that made it.
        public var method: String
        /// What was asked and what became of it.
        public var budget: BudgetMetrics
        /// The model.
        public var model: ModelMetrics
        /// On held-out samples after each step.
        public var stages: StageQualities
        /// How long its own stages took, without what all share.
        public var stageTimes: [StageTimeMetrics]

        /// Makes a student.
        public init(
            name: String,
            method: String,
            budget: BudgetMetrics,
            model: ModelMetrics,
            stages: StageQualities,
            stageTimes: [StageTimeMetrics]
        ) {
            self.name = name
            self.method = method
            self.budget = budget
            self.model = model
            self.stages = stages
            self.stageTimes = stageTimes
        }

        /// Seconds on the wall from the choice of channels to the repaired network, without training.
        public var choiceSeconds: Double {
            stageTimes.filter { ComparisonMetrics.choiceStages.contains($0.stage) }
                .reduce(0) { $0 + $1.wallSeconds }
        }

        /// Seconds on the wall for all of it.
        public var wallSeconds: Double { stageTimes.reduce(0) { $0 + $1.wallSeconds } }
    }

    /// The stages in which a method does what the others do otherwise.
    private static let choiceStages = [
        "sensitivity", "allocation", "search", "surgery", "compensation",
    ]

    /// The version of the keys; it rises when one is taken away or changes its meaning.
    public var schemaVersion = 1
    /// The name of the drop.
    public var job: String
    /// The name of the model in its file.
    public var modelName: String
    /// The seed of the spec.
    public var seed: Int
    /// The version of the program.
    public var espalier: String
    /// When the job began, ISO 8601 in UTC.
    public var startedAt: String
    /// When its last student was written, ISO 8601 in UTC.
    public var finishedAt: String
    /// The stages that served all students.
    public var sharedStageTimes: [StageTimeMetrics]
    /// The teacher.
    public var teacher: ModelMetrics
    /// The students, in the order of the spec.
    public var students: [Student]

    /// Joins the metrics of a job's students.
    ///
    /// - Parameters:
    ///   - metrics: Each student's folder and metrics, at least one, in the order of the spec.
    ///   - shared: What was done once for all of them.
    public init(_ metrics: [(name: String, metrics: JobMetrics)], shared: [StageTimeMetrics]) {
        precondition(!metrics.isEmpty, "a comparison of nothing")
        let (first, last) = (metrics[0].metrics, metrics[metrics.count - 1].metrics)
        job = first.run.job
        modelName = first.run.modelName
        seed = first.run.seed
        espalier = first.run.versions.espalier
        startedAt = first.run.startedAt
        finishedAt = last.run.finishedAt
        sharedStageTimes = shared
        teacher = first.model.before
        students = metrics.map { name, own in
            Student(
                name: name,
                method: own.run.method,
                budget: own.budget,
                model: own.model.after,
                stages: own.stages,
                stageTimes: own.run.stageTimes
            )
        }
    }

    /// The student that answers best within the budget, of equals the earlier; by loss without labels.
    public var best: Student? {
        students.filter(\.budget.isMet).enumerated().min { left, right in
            let (first, second) = (left.element.model.quality, right.element.model.quality)
            return (-(first.accuracy ?? 0), first.loss, left.offset)
                < (-(second.accuracy ?? 0), second.loss, right.offset)
        }?.element
    }
}
