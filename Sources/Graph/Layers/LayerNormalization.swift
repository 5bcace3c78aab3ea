import Tensors

/// Normalization of each pixel over its channels.
///
/// Shapes: input and output [..., C]; gamma and beta [C], where used.
///
/// Source: Ba, Kiros, Hinton 2016, "Layer Normalization", arXiv:1607.06450; without the mean and beta: Zhang,
/// Sennrich 2019, "Root Mean Square Layer Normalization", arXiv:1910.07467.
public struct LayerNormalization: LayerRule {
    /// What is added to the variance before the root.
    public var epsilon: Float
    /// Whether there is a gamma.
    public var scales: Bool
    /// Whether there is a beta.
    public var centers: Bool
    /// Whether the mean square is taken instead of the variance, and no mean away.
    public var usesMeanSquare: Bool

    /// Makes a layer normalization; the defaults are Keras'.
    public init(
        epsilon: Float = 1e-3,
        scales: Bool = true,
        centers: Bool = true,
        usesMeanSquare: Bool = false
    ) {
        self.epsilon = epsilon
        self.scales = scales
        self.centers = centers
        self.usesMeanSquare = usesMeanSquare
    }

    /// The weights, as ``LayerRule/weights(for:)`` asks.
    public func weights(for inputs: [Shape]) throws(RuleFault) -> [WeightSpecification] {
        let shape = Shape([try singleInput(inputs).channels])
        return (scales ? [WeightSpecification(.gamma, shape)] : [])
            + (centers ? [WeightSpecification(.beta, shape)] : [])
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        try singleInput(inputs)
    }

    /// The uses, as ``LayerRule/uses(inputs:output:)`` asks.
    public func uses(inputs: [Shape], output: Shape) -> [Int] {
        [Int](repeating: 0, count: (scales ? 1 : 0) + (centers ? 1 : 0))
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks: the statistics would change if a channel went.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        coupling.freeze(call.inputSlots[0], because: .statisticsOverChannels)
        return call.inputSlots[0]
    }
}
