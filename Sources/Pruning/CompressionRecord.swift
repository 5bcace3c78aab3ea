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
    /// By the genetic search.
    public var genetic: Double
    /// By greedy removal and swaps.
    public var greedy: Double
    /// By the diagonal alone.
    public var diagonal: Double
    /// By the producers' kernel magnitudes.
    public var magnitude: Double
    /// By chance: one random genome.
    public var random: Double
    /// The exact optimum where the group is small enough to enumerate.
    public var optimum: Double?
    /// The best value after each generation.
    public var generations: [Double]
}

/// The reconstruction error of a group's consumers as a share of their variance (METHODS section 0).
public struct LayerErrorRecord: Sendable, Hashable, Codable {
    /// With the weights as they were.
    public var raw: Double
    /// With the removed channels' means folded into the bias.
    public var folded: Double
    /// With the kept weights fitted by least squares.
    public var leastSquares: Double
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
    /// Why the group was left whole, where it was: a frozen pattern, or nothing to measure with.
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
    /// After BatchNorm re-estimation.
    public var reestimated: Quality
    /// After distillation.
    public var distilled: Quality
    /// The student on the test samples.
    public var studentTest: Quality?
    /// The epochs of distillation.
    public var epochs: [EpochRecord]
    /// Layer executions the sensitivity scan needed, and how many a scan without caches would have needed.
    public var scanWork: [String: Int]
}
