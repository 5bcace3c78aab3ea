/// One layer before and after.
public struct LayerMetrics: Codable, Hashable, Sendable {
    /// The layer's name.
    public var name: String
    /// The class Keras calls it.
    public var className: String
    /// The layers whose outputs its first call reads.
    public var inputs: [String]
    /// The output of its first call for one sample, without the batch axis.
    public var outputShape: BeforeAfter<[Int]>
    /// All its weights.
    public var parameters: BeforeAfter<Int>
    /// Multiply-accumulates of all its calls for one sample.
    public var macs: BeforeAfter<Int>
    /// The groups whose channels it makes.
    public var groups: [String]
    /// Why none of its channels can go, to follow "frozen because"; nil where some can or it makes none.
    public var frozenBecause: String?
    /// How long its calls take, at each batch size that was measured.
    public var times: [LayerTimeMetrics]

    /// Makes a layer.
    public init(
        name: String,
        className: String,
        inputs: [String],
        outputShape: BeforeAfter<[Int]>,
        parameters: BeforeAfter<Int>,
        macs: BeforeAfter<Int>,
        groups: [String],
        frozenBecause: String? = nil,
        times: [LayerTimeMetrics] = []
    ) {
        self.name = name
        self.className = className
        self.inputs = inputs
        self.outputShape = outputShape
        self.parameters = parameters
        self.macs = macs
        self.groups = groups
        self.frozenBecause = frozenBecause
        self.times = times
    }

    /// The channels of its output: the last axis.
    public var channels: BeforeAfter<Int> {
        BeforeAfter(before: outputShape.before.last ?? 0, after: outputShape.after.last ?? 0)
    }
}

/// How long one layer takes at one batch size.
public struct LayerTimeMetrics: Codable, Hashable, Sendable {
    /// Samples at a time.
    public var batchSamples: Int
    /// The median over several passes.
    public var medianMilliseconds: BeforeAfter<Double>

    /// Makes a time.
    public init(batchSamples: Int, medianMilliseconds: BeforeAfter<Double>) {
        self.batchSamples = batchSamples
        self.medianMilliseconds = medianMilliseconds
    }
}

/// How long one forward pass takes at one batch size.
public struct LatencyMetrics: Codable, Hashable, Sendable {
    /// Samples at a time.
    public var batchSamples: Int
    /// Threads that worked at it.
    public var threads: Int
    /// The median over several passes.
    public var medianMilliseconds: BeforeAfter<Double>
    /// The fastest pass.
    public var lowestMilliseconds: BeforeAfter<Double>
    /// The slowest pass.
    public var highestMilliseconds: BeforeAfter<Double>
    /// The passes.
    public var passes: Int

    /// Makes a latency.
    public init(
        batchSamples: Int,
        threads: Int,
        medianMilliseconds: BeforeAfter<Double>,
        lowestMilliseconds: BeforeAfter<Double>,
        highestMilliseconds: BeforeAfter<Double>,
        passes: Int
    ) {
        self.batchSamples = batchSamples
        self.threads = threads
        self.medianMilliseconds = medianMilliseconds
        self.lowestMilliseconds = lowestMilliseconds
        self.highestMilliseconds = highestMilliseconds
        self.passes = passes
    }
}

/// A layer and why something could not be done to it.
public struct LayerReasonMetrics: Codable, Hashable, Sendable {
    /// The layer's name.
    public var name: String
    /// Why; of a frozen layer, to follow "frozen because".
    public var reason: String

    /// Gives a layer's reason.
    public init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }
}
