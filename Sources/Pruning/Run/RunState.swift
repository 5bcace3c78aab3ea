import Graph

/// All of a run's progress that is not weights: what a checkpoint holds beside tensors.
struct RunState: Codable, Sendable {
    static let formatVersion = 3

    var version = Self.formatVersion
    /// What the run was started with; a checkpoint of another job is refused.
    var identity: String
    /// Which of a series of compressions it is, counted from zero.
    var position = 0
    /// Whether the teacher and its sensitivity were measured by an earlier one of the series.
    var isPrepared = false
    var stage = Stage.baseline
    var step = 0
    var teacher: Quality?
    var teacherTest: TestResult?
    /// What was timed at the start, where the budget is latency: a resumed run does not time again.
    var latency: LatencyModel?
    /// For each group, the points measured so far.
    var sensitivity: [[SensitivityPoint]]
    /// For each group, why it could not be measured.
    var notes: [String?]
    var candidates: [CandidateRecord] = []
    /// Whether an earlier one of the series has learned what the method needs.
    var isTaught = false
    /// What gates say of each group's units, once they are trained.
    var gateScores: [[Double]]?
    /// Where the training of gates is, whose weights and moments are in the archive.
    var gates: GateTraining.Progress?
    /// Where the agent is, whose weights, moments and memory are in the archive.
    var policy: ConditionalPolicy.Progress?
    /// For each budget of the series, the reward of the exact allocation, and the best the agent found.
    var policyLevels: [Double] = []
    var policyFindings: [[Int]?] = []
    /// Where the structural search is, of a method that has one.
    var structural: StructuralSearch?
    /// The allocation that is being repaired.
    var pending: PendingCandidate?
    /// What the best candidate's repair found, and the units it keeps; its weights are in the archive.
    var chosen: RepairRecord?
    var bestKept: KeptUnits?
    /// What the repair under way has found.
    var repair = RepairRecord()
    var searches: [SearchRecord?]
    var errors: [LayerErrorRecord?]
    /// The units of each group that the student has.
    var kept: KeptUnits
    /// The units each group is to keep, once an allocation has won.
    var target: [Int] = []
    var pruned: Quality?
    var distilled: Quality?
    var studentTest: TestResult?
    var epochs: [EpochRecord] = []
    var training = TrainingPosition()
    var optimizerSteps = 0
    var scanWork = ScanWork()
    /// How many weights (student, best) and moments the tensors of the archive are.
    var hasStudent = false
    var hasBest = false
    var momentCounts: [[Int]] = []
}

/// A candidate between its choice and its measurement.
struct PendingCandidate: Codable, Sendable {
    var allocation: Allocation
    var isRounded: Bool
    var weights: [Double]?
    /// Nanoseconds of one sample through the cut network, where the budget is latency.
    var latency: Int?
    /// The macs it was allowed, where the budget is an accuracy drop.
    var limit: Int?
    /// False where an earlier candidate keeps as many units of every group: it is not measured again.
    var isNew = true
}

/// What the repair of one cut network found.
struct RepairRecord: Codable, Sendable, Hashable {
    /// For each fitted layer, the share of the reference's variance that is left.
    var residuals: [String: Double] = [:]
    /// For each layer, what could not be done.
    var notes: [String: String] = [:]
    /// Before BatchNorm re-estimation, and after.
    var compensated: Quality?
    var reestimated: Quality?
}

/// What a network answers on the test samples.
struct TestResult: Codable, Sendable, Hashable {
    var quality: Quality
    /// Rows are labels, columns answers; nil without labels or with more than a hundred classes.
    var confusion: [[Int]]?
}
