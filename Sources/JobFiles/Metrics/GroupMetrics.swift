/// What happened to one coupled group.
public struct GroupMetrics: Codable, Hashable, Sendable {
    /// The group's name: its first producer.
    public var name: String
    /// The layers that make its channels.
    public var producers: [String]
    /// The layers that read its channels.
    public var consumers: [String]
    /// Its units.
    public var units: BeforeAfter<Int>
    /// Why it was left whole, where it was, or what was done otherwise than the method says.
    public var note: String?
    /// The sensitivity curve; empty where it was not measured.
    public var sensitivity: [SensitivityMetrics]
    /// The search's values; nil where all units stay.
    public var search: SearchMetrics?
    /// The reconstruction error of its consumers; nil where all units stay.
    public var compensation: CompensationMetrics?

    /// Makes a group.
    public init(
        name: String,
        producers: [String],
        consumers: [String],
        units: BeforeAfter<Int>,
        note: String? = nil,
        sensitivity: [SensitivityMetrics] = [],
        search: SearchMetrics? = nil,
        compensation: CompensationMetrics? = nil
    ) {
        self.name = name
        self.producers = producers
        self.consumers = consumers
        self.units = units
        self.note = note
        self.sensitivity = sensitivity
        self.search = search
        self.compensation = compensation
    }
}

/// What the sensitivity scan computed, and what a scan that runs the whole network for every point would have.
public struct ScanMetrics: Codable, Hashable, Sendable {
    /// Multiply-accumulates.
    public var macs: Int
    /// Multiply-accumulates without values carried on from group to group.
    public var macsWithoutCache: Int
    /// Executions of a layer for one sample.
    public var layerExecutions: Int
    /// Executions without values carried on.
    public var layerExecutionsWithoutCache: Int

    /// Makes counts.
    public init(
        macs: Int,
        macsWithoutCache: Int,
        layerExecutions: Int,
        layerExecutionsWithoutCache: Int
    ) {
        self.macs = macs
        self.macsWithoutCache = macsWithoutCache
        self.layerExecutions = layerExecutions
        self.layerExecutionsWithoutCache = layerExecutionsWithoutCache
    }
}

/// What removing a share of one group did, everything else intact.
public struct SensitivityMetrics: Codable, Hashable, Sendable {
    /// The share of units asked to be removed, from 0 to 1.
    public var removedFraction: Double
    /// The units that stayed.
    public var keptUnits: Int
    /// The quality on held-out samples after BatchNorm re-estimation.
    public var heldOut: QualityMetrics

    /// Makes a point.
    public init(removedFraction: Double, keptUnits: Int, heldOut: QualityMetrics) {
        self.removedFraction = removedFraction
        self.keptUnits = keptUnits
        self.heldOut = heldOut
    }
}

/// The layer error that each way of choosing a group's channels reached, as a share of the consumers' variance.
public struct SearchMetrics: Codable, Hashable, Sendable {
    /// By the choice that was cut.
    public var cut: Double
    /// By the genetic search; nil for methods without one.
    public var genetic: Double?
    /// By greedy removal and swaps.
    public var greedy: Double
    /// By the diagonal of the quadratic form alone.
    public var diagonal: Double
    /// By the sums of the producers' kernel magnitudes.
    public var magnitude: Double
    /// By chance.
    public var random: Double
    /// By the Surgeon's order, which goes by what least squares leaves; nil for groups too wide for it.
    public var surgeon: Double?
    /// Whose choice was cut: `genetic`, `surgeon` or the method's name; nil where only one was asked.
    public var chosen: String?
    /// A value that no choice can go below; nil where none is known.
    public var lowerBound: Double?
    /// The exact optimum; nil where the group is too large to enumerate.
    public var optimum: Double?
    /// The best value after each generation, from the first; empty without a genetic search.
    public var generations: [Double]

    /// Makes a search.
    public init(
        cut: Double,
        genetic: Double?,
        greedy: Double,
        diagonal: Double,
        magnitude: Double,
        random: Double,
        surgeon: Double? = nil,
        chosen: String? = nil,
        lowerBound: Double? = nil,
        optimum: Double? = nil,
        generations: [Double]
    ) {
        self.cut = cut
        self.genetic = genetic
        self.greedy = greedy
        self.diagonal = diagonal
        self.magnitude = magnitude
        self.random = random
        self.surgeon = surgeon
        self.chosen = chosen
        self.lowerBound = lowerBound
        self.optimum = optimum
        self.generations = generations
    }
}

/// The reconstruction error of a group's consumers as a share of their variance.
public struct CompensationMetrics: Codable, Hashable, Sendable {
    /// With the weights as they were.
    public var raw: Double
    /// With the removed channels' means folded into the bias.
    public var folded: Double
    /// With the kept weights fitted by least squares on the teacher's own inputs; nil where that was too large to work out.
    public var leastSquares: Double?
    /// What the fit left on the student's own inputs, the errors of earlier layers included, summed over the consumers.
    public var fitted: Double?

    /// Makes the errors.
    public init(raw: Double, folded: Double, leastSquares: Double?, fitted: Double? = nil) {
        self.raw = raw
        self.folded = folded
        self.leastSquares = leastSquares
        self.fitted = fitted
    }
}
