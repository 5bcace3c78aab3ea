/// What a person asks of one job, with every default filled in.
///
/// Every key is described in Docs/spec.md. The shortest useful spec names a data file and a budget.
public struct JobSpec: Sendable, Hashable {
    /// The samples.
    public struct Data: Sendable, Hashable {
        /// The HDF5 file, relative to the spec or absolute.
        public var file = ""
        /// The training samples' dataset.
        public var xTrain = "x_train"
        /// The training labels' dataset.
        public var yTrain = "y_train"
        /// The test samples' dataset.
        public var xTest = "x_test"
        /// The test labels' dataset.
        public var yTest = "y_test"
        /// `auto`, `integer`, `one_hot` or `none`.
        public var labels = "auto"
        /// What every number is multiplied by.
        public var scale = 1.0
        /// What is subtracted: one number or one per channel.
        public var mean: [Double] = []
        /// What is divided by: one number or one per channel.
        public var std: [Double] = []
        /// `rgb` or `bgr`: the order the network wants; files hold RGB.
        public var channels = "rgb"
        /// The share of training samples held out for decisions.
        public var validation = 0.1
        /// The most training samples that are read; 0 for all.
        public var limitTrain = 0
        /// The most test samples that are read; 0 for all.
        public var limitTest = 0
    }

    /// The budget.
    public struct Budget: Sendable, Hashable {
        /// `macs`, `parameters`, `bytes`, `latency` or `accuracy_drop`.
        public var unit = ""
        /// Shares of the teacher's up to 1, or counts above 1 (of `latency` microseconds); the drops themselves.
        ///
        /// A student is made for each.
        public var values: [Double]
        /// The units there are.
        public static let units = ["macs", "parameters", "bytes", "latency", "accuracy_drop"]

        /// Makes a budget.
        public init(unit: String = "", values: [Double] = []) {
            self.unit = unit
            self.values = values
        }
    }

    /// How sensitivity is measured.
    public struct Sensitivity: Sendable, Hashable {
        /// The shares of each group that are removed.
        public var fractions = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
        /// The held-out samples that are looked at.
        public var images = 1000
    }

    /// How channels are searched.
    public struct Search: Sendable, Hashable {
        /// Genomes per generation.
        public var population = 64
        /// The most generations.
        public var generations = 100
        /// Generations without improvement after which the search stops.
        public var patience = 20
        /// `full` or `plain`.
        public var mode = "full"
        /// `least_squares` or `quadratic`.
        public var criterion = "least_squares"
    }

    /// How the cut network is repaired.
    public struct Compensation: Sendable, Hashable {
        /// Whether it is.
        public var enabled = true
        /// Training samples for statistics.
        public var images = 2048
        /// The first ridge, as a share of the mean diagonal.
        public var ridge = 1e-4
        /// Whether fitted outputs are stretched to the deviation they had.
        public var rescale = false
    }

    /// How many allocations of the budget are tried.
    public struct Allocation: Sendable, Hashable {
        /// Those along curves with random weights.
        public var weighted = 4
    }

    /// How the method `fisher` gathers and spends its information.
    public struct Fisher: Sendable, Hashable {
        /// `one_shot` or `iterative`.
        public var form = "one_shot"
        /// `none`, `macs` or `memory`.
        public var normalisation = "memory"
        /// Batches between two removals, in iterative form.
        public var interval = 10
        /// Whether labels count, where there are any.
        public var labels = true
    }

    /// How the method `conditional` learns, with `policy: learned`.
    public struct Conditional: Sendable, Hashable {
        /// Networks that are tried at random first, over all budgets.
        public var warmup = 30
        /// Networks that the agent tries and learns from.
        public var episodes = 160
    }

    /// How the method `uniform` trains gates, and what its student starts from.
    public struct Uniform: Sendable, Hashable {
        /// Batches the gates are trained on.
        public var gateSteps = 600
        /// `inherited` or `scratch`.
        public var start = "inherited"
    }

    /// How the repaired network is trained.
    public struct Distillation: Sendable, Hashable {
        /// `one_shot` or `layerwise`.
        public var order = "one_shot"
        /// Passes over the training samples after each group, in layerwise order.
        public var layerEpochs = 0.5
        /// Passes over the training samples.
        public var epochs = 10
        /// `adam` or `sgd`.
        public var optimizer = "adam"
        /// The highest learning rate.
        public var learningRate = 0.001
        /// SGD's momentum.
        public var momentum = 0.9
        /// The pull of kernels towards zero.
        public var weightDecay = 0.0
        /// `cosine`, `step` or `constant`.
        public var schedule = "cosine"
        /// The share of steps in which the rate rises.
        public var warmup = 0.05
        /// How far the teacher is softened.
        public var temperature = 4.0
        /// The teacher's share of the loss.
        public var weight = 0.7
        /// `auto`, `soft`, `logit` or `output`.
        public var form = "auto"
        /// `auto`, `none` or `crop_flip`.
        public var augmentation = "auto"
        /// The share of each label that is spread over all classes.
        public var labelSmoothing = 0.0
    }

    /// The samples.
    public var data = Data()
    /// The budget.
    public var budget = Budget()
    /// The methods; a student is made by each.
    public var methods = ["genetic"]
    /// `exact` or `learned`: who shares the budgets out, for the method `conditional`.
    public var policy = "exact"
    /// Jobs of a higher priority are begun before others; of equal ones the older.
    public var priority = 0
    /// Where random numbers come from.
    public var seed = 0
    /// Threads; 0 for all processors.
    public var threads = 0
    /// Samples per batch.
    public var batch = 128
    /// Samples at once when latency is measured.
    public var latencyBatch = 1
    /// The SHA-256 of the model file, in hexadecimal, or empty.
    public var modelSHA256 = ""
    /// The least accuracy the teacher must show on the test samples, or 0.
    public var expectedAccuracy = 0.0
    /// How often a job may kill its worker.
    public var maxAttempts = 3
    /// Seconds between checkpoints.
    public var checkpointEvery = 30.0
    /// Widths are multiples of this where they can be.
    public var roundTo = 8
    /// No group keeps fewer channels than this.
    public var minChannels = 8
    /// Patterns of layer names whose channels stay.
    public var freeze: [String] = []
    /// How sensitivity is measured.
    public var sensitivity = Sensitivity()
    /// How many allocations of the budget are tried.
    public var allocation = Allocation()
    /// How channels are searched.
    public var search = Search()
    /// How the method `fisher` works.
    public var fisher = Fisher()
    /// How the method `conditional` learns.
    public var conditional = Conditional()
    /// How the method `uniform` works.
    public var uniform = Uniform()
    /// How the cut network is repaired.
    public var compensation = Compensation()
    /// How the repaired network is trained.
    public var distillation = Distillation()

    /// The methods there are, in the order of their mention.
    public static let everyMethod = [
        "genetic", "lasso", "fisher", "compensation", "conditional", "uniform", "l1", "l2",
        "bn_scale", "taylor", "fpgm", "hrank", "random",
    ]

    /// Makes a spec with every default and neither data nor budget.
    public init() {}
}
