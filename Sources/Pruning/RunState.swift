import Graph

/// All of a run's progress that is not weights: what a checkpoint holds beside tensors.
struct RunState: Codable, Sendable {
    static let formatVersion = 1

    var version = Self.formatVersion
    /// What the run was started with; a checkpoint of another job is refused.
    var identity: String
    var stage = Stage.baseline
    var step = 0
    var teacher: Quality?
    var teacherTest: Quality?
    /// For each group, the points measured so far.
    var sensitivity: [[SensitivityPoint]]
    var candidates: [CandidateRecord] = []
    var searches: [SearchRecord?]
    var errors: [LayerErrorRecord?]
    /// The units that stay, once the search has chosen them.
    var kept: KeptUnits
    var pruned: Quality?
    var compensated: Quality?
    var reestimated: Quality?
    var distilled: Quality?
    var studentTest: Quality?
    var epochs: [EpochRecord] = []
    var training = TrainingPosition()
    var optimizerSteps = 0
    /// Layer executions of the scan, counted in macs: with caches, and what it would have been without.
    var scanMacs = 0
    var scanMacsWithoutCache = 0
    /// How many weights (student, best) and moments the tensors of the archive are.
    var hasStudent = false
    var hasBest = false
    var momentCounts: [[Int]] = []
}
