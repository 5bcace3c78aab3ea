/// How well a network does on some samples.
public struct QualityMetrics: Codable, Hashable, Sendable {
    /// The share of samples whose largest output is their label, from 0 to 1; nil without labels.
    public var accuracy: Double?
    /// The share of samples whose label is among the five largest outputs; nil without labels or with five classes or fewer.
    public var top5Accuracy: Double?
    /// Mean cross-entropy in nats, or without labels the mean squared difference to the teacher.
    public var loss: Double
    /// How many samples, where that is worth saying.
    public var samples: Int?

    /// Makes a quality.
    public init(
        accuracy: Double?,
        top5Accuracy: Double? = nil,
        loss: Double,
        samples: Int? = nil
    ) {
        self.accuracy = accuracy
        self.top5Accuracy = top5Accuracy
        self.loss = loss
        self.samples = samples
    }

    /// Half the width of the interval that holds the true accuracy in 19 of 20 cases; nil without labels.
    ///
    /// The normal approximation to the binomial distribution.
    var accuracyUncertainty: Double? {
        guard let accuracy, let samples, samples > 0 else { return nil }
        return 1.96 * (accuracy * (1 - accuracy) / Double(samples)).squareRoot()
    }
}

/// The student on held-out samples after each step that changes it.
public struct StageQualities: Codable, Hashable, Sendable {
    /// After surgery alone.
    public var pruned: QualityMetrics
    /// After bias fold and least squares.
    public var compensated: QualityMetrics
    /// After BatchNorm re-estimation.
    public var reestimated: QualityMetrics
    /// After distillation.
    public var distilled: QualityMetrics

    /// Joins the steps.
    public init(
        pruned: QualityMetrics,
        compensated: QualityMetrics,
        reestimated: QualityMetrics,
        distilled: QualityMetrics
    ) {
        self.pruned = pruned
        self.compensated = compensated
        self.reestimated = reestimated
        self.distilled = distilled
    }
}

/// One epoch of distillation, as `history.csv` has it.
public struct EpochMetrics: Codable, Hashable, Sendable {
    /// Counted from zero, as Keras does.
    public var epoch: Int
    /// The mean training loss.
    public var loss: Double
    /// The share of augmented training samples answered with their label; nil without labels.
    public var accuracy: Double?
    /// The learning rate of the last step.
    public var learningRate: Double
    /// The quality on held-out samples.
    public var heldOut: QualityMetrics

    /// Makes an epoch.
    public init(
        epoch: Int,
        loss: Double,
        accuracy: Double?,
        learningRate: Double,
        heldOut: QualityMetrics
    ) {
        self.epoch = epoch
        self.loss = loss
        self.accuracy = accuracy
        self.learningRate = learningRate
        self.heldOut = heldOut
    }
}

/// How often one class was answered right on the test samples.
public struct ClassMetrics: Codable, Hashable, Sendable {
    /// The label.
    public var label: Int
    /// The samples of the class.
    public var samples: Int
    /// The samples answered right.
    public var correct: BeforeAfter<Int>

    /// Makes a class.
    public init(label: Int, samples: Int, correct: BeforeAfter<Int>) {
        self.label = label
        self.samples = samples
        self.correct = correct
    }
}

/// How often one class was taken for another on the test samples.
public struct ConfusionMetrics: Codable, Hashable, Sendable {
    /// The label.
    public var label: Int
    /// What was answered.
    public var answer: Int
    /// The samples of the label that were answered so.
    public var samples: BeforeAfter<Int>

    /// Makes a confusion.
    public init(label: Int, answer: Int, samples: BeforeAfter<Int>) {
        self.label = label
        self.answer = answer
        self.samples = samples
    }
}
