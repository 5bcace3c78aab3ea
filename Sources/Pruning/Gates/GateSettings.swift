/// How gates are trained on a teacher.
public struct GateSettings: Sendable, Hashable, Codable {
    /// The steps of the whole training.
    public var steps = 600
    /// Samples per step.
    public var batchSize = 64
    /// Adam's highest rate; it falls along half a cosine.
    public var learningRate = 0.01
    /// The weight of the mean gate in the loss.
    ///
    /// A trained teacher is where its loss is least, so without a pull gates would have nothing to answer to; with it each
    /// channel's gate sinks as far as the loss can spare the channel. Ours: the authors train the whole network anew.
    public var pull = 1.0

    /// Makes the default settings.
    public init() {}
}
