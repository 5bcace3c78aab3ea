/// Everything a person can ask of a compression, with every default filled in.
public struct CompressionPlan: Sendable, Hashable, Codable {
    /// What the student may cost.
    public var budget: Budget
    /// How its channels are chosen.
    public var method = PruningMethod.genetic
    /// Where all random numbers come from.
    public var seed: UInt64 = 0
    /// Samples per batch.
    public var batchSize = 128
    /// Samples that go through the network at once when its latency is measured.
    public var latencyBatch = 1
    /// Kept widths are multiples of this where the group is wide enough.
    public var roundTo = 8
    /// No group keeps fewer units than this, unless it has fewer.
    public var minimumChannels = 8
    /// Glob patterns of layer names whose channels all stay.
    public var frozenLayers: [String] = []
    /// How sensitivity is measured.
    public var sensitivity = SensitivitySettings()
    /// How many allocations are tried.
    public var allocation = AllocationSettings()
    /// How the channels of a group are searched.
    public var search = SearchSettings()
    /// How Fisher information is gathered, where the method goes by it.
    public var fisher = FisherSettings()
    /// Who shares several budgets out, where the method is conditional.
    public var conditional = ConditionalSettings()
    /// How gates are trained, where the method goes by them.
    public var uniform = UniformSettings()
    /// How the cut network is repaired.
    public var compensation = CompensationSettings()
    /// How the repaired network is trained.
    public var distillation = DistillationSettings()

    /// Makes a plan with every default.
    public init(budget: Budget) {
        self.budget = budget
    }
}

/// How sensitivity is measured.
public struct SensitivitySettings: Sendable, Hashable, Codable {
    /// The shares of a group's units that are removed, each above 0 and below 1, ascending.
    public var fractions: [Double] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    /// The held-out samples that are evaluated each time.
    public var images = 1000

    /// Makes the default settings.
    public init() {}
}

/// How many allocations are tried.
public struct AllocationSettings: Sendable, Hashable, Codable {
    /// Allocations along curves with random weights, tried after the ones along the curves as they are.
    public var weighted = 4

    /// Makes the default settings.
    public init() {}
}

/// How the genetic search runs (METHODS 1.5: none of these numbers is known from the paper).
public struct SearchSettings: Sendable, Hashable, Codable {
    /// With greedy seeds, greedy repair and swap polish, or without.
    public enum Mode: String, Sendable, Codable, CaseIterable {
        /// Seeds, greedy repair, tournament and polish.
        case full
        /// Random start and repair, roulette, no polish: the plain form of the genetic algorithm.
        case plain
    }

    /// What a choice of channels is judged by in the end.
    public enum Criterion: String, Sendable, Codable, CaseIterable {
        /// The error that is left after least squares, where the cut network is repaired by it: the genetic search's choice
        /// or the Surgeon's, whichever leaves less.
        case leastSquares = "least_squares"
        /// The genetic search's own error.
        case quadratic
    }

    /// Which form.
    public var mode: Mode = .full
    /// What a choice is judged by in the end.
    public var criterion: Criterion = .leastSquares
    /// Genomes per generation.
    public var population = 64
    /// The most generations.
    public var generations = 100
    /// Generations without improvement after which the search stops.
    public var patience = 20

    /// Makes the default settings.
    public init() {}
}

/// How the cut network is repaired.
public struct CompensationSettings: Sendable, Hashable, Codable {
    /// Whether weights are repaired at all.
    public var isEnabled = true
    /// Training samples the statistics are taken over.
    public var images = 2048
    /// The first ridge, as a share of the mean diagonal; rises tenfold until the matrix factors.
    public var ridge = 1e-4
    /// Whether fitted outputs are stretched to the deviation they had (METHODS 6.2).
    public var rescales = false

    /// Makes the default settings.
    public init() {}
}

/// How the repaired network is trained.
public struct DistillationSettings: Sendable, Hashable, Codable {
    /// What the student learns from the teacher.
    public enum Form: String, Sendable, Codable, CaseIterable {
        /// Soft where the network ends in softmax, output otherwise.
        case automatic = "auto"
        /// Cross-entropy with labels and with the softened teacher.
        case soft
        /// Cross-entropy with labels and squared error of logits.
        case logit
        /// Squared error of the outputs alone: for any head, without labels.
        case output
    }

    /// The optimiser.
    public enum OptimizerKind: String, Sendable, Codable, CaseIterable {
        /// Stochastic gradient descent with momentum.
        case sgd
        /// Adam.
        case adam
    }

    /// How the learning rate falls.
    public enum Schedule: String, Sendable, Codable, CaseIterable {
        /// Along half a cosine to zero.
        case cosine
        /// Tenfold at half and at three quarters.
        case step
        /// Not at all.
        case constant
    }

    /// How samples are varied.
    public enum AugmentationPolicy: String, Sendable, Codable, CaseIterable {
        /// Crop and flip where samples are images of one or three channels with labels, none otherwise.
        case automatic = "auto"
        /// Not at all.
        case none
        /// A random shift and mirror.
        case cropAndFlip = "crop_flip"
    }

    /// When the student is trained.
    public enum Order: String, Sendable, Codable, CaseIterable {
        /// All groups are cut, then the student is trained.
        case oneShot = "one_shot"
        /// Each group is cut in a network that was trained since the last one was; then comes the training of all.
        case layerwise
    }

    /// When the student is trained.
    public var order = Order.oneShot
    /// Passes over the training samples after each group, in layerwise order; a part of one is fine.
    public var layerEpochs = 0.5
    /// Passes over the training samples; 0 leaves the repaired network as it is.
    public var epochs = 10
    /// The optimiser.
    public var optimizer = OptimizerKind.adam
    /// The highest learning rate.
    public var learningRate = 0.001
    /// How much of the last step is kept.
    public var momentum = 0.9
    /// The pull of kernels towards zero.
    public var weightDecay = 0.0
    /// How the learning rate falls.
    public var schedule = Schedule.cosine
    /// The share of all steps in which the learning rate rises from zero.
    public var warmup = 0.05
    /// How far the teacher's probabilities are softened.
    public var temperature = 4.0
    /// The share of the loss that comes from the teacher.
    public var teacherWeight = 0.7
    /// What the student learns from the teacher.
    public var form = Form.automatic
    /// How samples are varied.
    public var augmentation = AugmentationPolicy.automatic
    /// The share of each label spread over all classes.
    public var labelSmoothing = 0.0

    /// Makes the default settings.
    public init() {}
}
