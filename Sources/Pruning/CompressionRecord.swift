import Graph

/// How well a network does on some samples.
public struct Quality: Sendable, Hashable, Codable {
    /// The share of samples whose largest output is their label, or nil without labels.
    public var accuracy: Double?
    /// The share of samples whose label is among the five largest outputs, or nil without labels or with five classes or fewer.
    public var topFiveAccuracy: Double?
    /// Cross-entropy with the labels, or the mean squared difference to the teacher without labels.
    public var loss: Double

    /// Makes a quality.
    public init(accuracy: Double?, topFiveAccuracy: Double?, loss: Double) {
        self.accuracy = accuracy
        self.topFiveAccuracy = topFiveAccuracy
        self.loss = loss
    }
}

/// What removing a share of one group did to the loss, everything else intact.
public struct SensitivityPoint: Sendable, Hashable, Codable {
    /// The share of units asked to be removed.
    public var fraction: Double
    /// The units that stayed.
    public var kept: Int
    /// The quality on held-out samples after BatchNorm re-estimation.
    public var quality: Quality
}

/// The value of `E` (METHODS section 0) that each way of choosing channels reached, as a share of the variance.
public struct SearchRecord: Sendable, Hashable, Codable {
    /// By the choice that was cut.
    public var cut: Double
    /// By the genetic search, where the method has one; in full mode never more than `greedy`.
    public var genetic: Double?
    /// By greedy removal or return, whichever is better, and exchanges.
    public var greedy: Double
    /// By the diagonal alone.
    public var diagonal: Double
    /// By the producers' kernel magnitudes.
    public var magnitude: Double
    /// By chance: one random genome.
    public var random: Double
    /// The exact optimum where enumeration or branch and bound proved it.
    public var optimum: Double?
    /// The best value after each generation; empty without a genetic search.
    public var generations: [Double]
    /// No removal of as many units has a smaller value than this.
    public var bound: Double?
    /// By the Surgeon's order, which goes by what least squares leaves; nil for groups too wide for it.
    public var surgeon: Double?
    /// Whose choice was cut: `genetic`, `surgeon` or the method's name.
    public var chosen: String?
}

/// The reconstruction error of a group's consumers as a share of their variance (METHODS section 0).
public struct LayerErrorRecord: Sendable, Hashable, Codable {
    /// With the weights as they were.
    public var raw: Double
    /// With the removed channels' means folded into the bias.
    public var folded: Double
    /// With the kept weights fitted by least squares on the teacher's own inputs: at most `folded`.
    public var leastSquares: Double
    /// False where the group is too wide for its covariance: `leastSquares` then repeats `folded`.
    public var isLeastSquaresKnown = true
    /// What the fit on the student's own inputs left, errors of earlier layers included, summed over the consumers.
    public var fitted: Double?
}

/// What happened to one coupled group.
public struct GroupRecord: Sendable, Hashable, Codable {
    /// The group's name.
    public var name: String
    /// The layers that make its channels.
    public var producers: [String]
    /// The layers that read its channels.
    public var consumers: [String]
    /// The units before.
    public var width: Int
    /// The units that stay, ascending.
    public var kept: [Int]
    /// Why the group was left whole or could not be measured: a freeze pattern, or nothing to measure with.
    public var note: String?
    /// The sensitivity curve; empty where it was not measured.
    public var sensitivity: [SensitivityPoint] = []
    /// The search's values; nil where all units stay.
    public var search: SearchRecord?
    /// The reconstruction errors; nil where all units stay.
    public var errors: LayerErrorRecord?
}

/// One epoch of distillation.
public struct EpochRecord: Sendable, Hashable, Codable {
    /// Counted from zero.
    public var epoch: Int
    /// The mean training loss.
    public var loss: Double
    /// The share of augmented training samples answered with their label.
    public var accuracy: Double?
    /// The learning rate of the last step.
    public var learningRate: Double
    /// The quality on held-out samples.
    public var validation: Quality
}

/// One allocation that was tried: its name, what it keeps, and how it did after repair.
public struct CandidateRecord: Sendable, Hashable, Codable {
    /// Where the allocation came from.
    public var name: String
    /// The units each group keeps.
    public var kept: [Int]
    /// What it costs.
    public var cost: Cost
    /// The quality on held-out samples after compensation and BatchNorm re-estimation.
    public var quality: Quality
    /// Whether widths were rounded first.
    public var isRounded = false
    /// Nanoseconds of one sample through the cut network, where the budget is latency.
    public var latency: Int?
    /// The factors of the groups' curves, of a weighted candidate.
    public var weights: [Double]?
}

/// Everything a compression found out, for the report.
public struct CompressionRecord: Sendable, Hashable, Codable {
    /// The teacher on held-out samples.
    public var teacher: Quality
    /// The teacher on the test samples.
    public var teacherTest: Quality?
    /// What the teacher costs.
    public var teacherCost: Cost
    /// What the student costs.
    public var studentCost: Cost
    /// The elements of all activations of one sample, before and after.
    public var activationElements: [Int]
    /// The most the budget left, in its own unit.
    public var limit: Int
    /// The groups.
    public var groups: [GroupRecord]
    /// Layers of which no channel can go, with the reason in words.
    public var frozen: [String: String]
    /// The allocations tried; the first is the one chosen.
    public var candidates: [CandidateRecord]
    /// After surgery alone.
    public var pruned: Quality
    /// After bias fold and least squares.
    public var compensated: Quality
    /// After BatchNorm re-estimation, where that lowers the held-out loss; else as `compensated`.
    public var reestimated: Quality
    /// After distillation.
    public var distilled: Quality
    /// The student on the test samples.
    public var studentTest: Quality?
    /// The epochs of distillation.
    public var epochs: [EpochRecord]
    /// What the sensitivity scan took, and what a scan without caches would have.
    public var scanWork: ScanWork
    /// The teacher's answers on the test samples: a row per label, a column per answer; nil above a hundred classes.
    public var teacherConfusion: [[Int]]?
    /// The student's.
    public var studentConfusion: [[Int]]?
    /// For each layer that could not be repaired as it should, why.
    public var repairNotes: [String: String] = [:]
    /// For each fitted layer, the share of the teacher's variance that the fit left.
    public var fitResiduals: [String: Double] = [:]
    /// Nanoseconds of one sample through the teacher, where the budget is latency.
    public var teacherLatency: Int?
    /// Nanoseconds of one sample through the student, where the budget is latency.
    public var studentLatency: Int?
}
