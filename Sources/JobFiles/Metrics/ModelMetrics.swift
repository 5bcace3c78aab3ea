/// A model as a whole.
public struct ModelMetrics: Codable, Hashable, Sendable {
    /// The quality on the test samples, which no decision looked at; nil where there are none.
    public var test: QualityMetrics?
    /// The quality on the held-out samples, on which decisions were made.
    public var heldOut: QualityMetrics
    /// Weights that training changes.
    public var trainableParameters: Int
    /// All weights, as Keras' `count_params` counts them.
    public var parameters: Int
    /// Multiply-accumulates of one forward pass of one sample.
    public var macs: Int
    /// Operations of one forward pass of one sample: twice the multiply-accumulates.
    public var flops: Int
    /// Elements of all layer outputs of one sample.
    public var activationElements: Int
    /// The most memory that the layer outputs of one sample take at a time, four bytes an element, each let go after its last reader.
    public var peakActivationBytes: Int
    /// The length of the model file.
    public var fileBytes: Int

    /// Makes a model's numbers.
    public init(
        test: QualityMetrics?,
        heldOut: QualityMetrics,
        trainableParameters: Int,
        parameters: Int,
        macs: Int,
        activationElements: Int,
        peakActivationBytes: Int,
        fileBytes: Int
    ) {
        self.test = test
        self.heldOut = heldOut
        self.trainableParameters = trainableParameters
        self.parameters = parameters
        self.macs = macs
        flops = 2 * macs
        self.activationElements = activationElements
        self.peakActivationBytes = peakActivationBytes
        self.fileBytes = fileBytes
    }

    /// The quality to show first: on test samples where there are some.
    public var quality: QualityMetrics { test ?? heldOut }
}

/// What was asked and what became of it.
public struct BudgetMetrics: Codable, Hashable, Sendable {
    /// `macs`, `parameters` or another unit of the spec.
    public var unit: String
    /// What the spec says: a share of the teacher's up to 1, or a count above 1.
    public var asked: Double
    /// The most the budget left, in its own unit.
    public var limit: Double
    /// What the student costs, in the same unit.
    public var achieved: Double
    /// What the teacher costs, in the same unit.
    public var teacher: Double

    /// Makes a budget.
    public init(unit: String, asked: Double, limit: Double, achieved: Double, teacher: Double) {
        self.unit = unit
        self.asked = asked
        self.limit = limit
        self.achieved = achieved
        self.teacher = teacher
    }

    /// Whether the student costs at most what was asked.
    public var isMet: Bool { achieved <= limit }
}

/// One way to share the budget out, and how it did after repair.
public struct CandidateMetrics: Codable, Hashable, Sendable {
    /// Where it came from.
    public var name: String
    /// Multiply-accumulates of one forward pass of one sample.
    public var macs: Int
    /// All weights.
    public var parameters: Int
    /// The units each group keeps, in the order of the groups.
    public var keptUnits: [Int]
    /// The quality on held-out samples after compensation and BatchNorm re-estimation.
    public var heldOut: QualityMetrics
    /// Whether the widths were rounded to multiples that are fast to compute.
    public var isRounded: Bool
    /// Whether it is the one that was gone on with.
    public var isChosen: Bool

    /// Makes a candidate.
    public init(
        name: String,
        macs: Int,
        parameters: Int,
        keptUnits: [Int],
        heldOut: QualityMetrics,
        isRounded: Bool,
        isChosen: Bool
    ) {
        self.name = name
        self.macs = macs
        self.parameters = parameters
        self.keptUnits = keptUnits
        self.heldOut = heldOut
        self.isRounded = isRounded
        self.isChosen = isChosen
    }
}

/// What the delivered file was checked for.
public struct VerificationMetrics: Codable, Hashable, Sendable {
    /// How far the outputs of the file, read back, are from those of the student in memory.
    public var largestOutputDifference: Double
    /// The most that would have been let pass.
    public var tolerance: Double
    /// The held-out samples that were looked at.
    public var samples: Int

    /// Makes a verification.
    public init(largestOutputDifference: Double, tolerance: Double, samples: Int) {
        self.largestOutputDifference = largestOutputDifference
        self.tolerance = tolerance
        self.samples = samples
    }
}
