import Tensors

/// Normalization of each channel by the batch's statistics in training and by moving ones otherwise.
///
/// Shapes: input and output [..., C]; gamma, beta, moving mean and moving variance [C], the first two only where used.
///
/// Source: Ioffe, Szegedy 2015, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal
/// Covariate Shift", arXiv:1502.03167.
public struct BatchNormalization: LayerRule {
    /// What is added to the variance before the root.
    public var epsilon: Float
    /// How much of the old moving statistics a training step keeps.
    public var momentum: Float
    /// Whether there is a gamma.
    public var scales: Bool
    /// Whether there is a beta.
    public var centers: Bool

    /// Makes a batch normalization; the defaults are Keras'.
    public init(
        epsilon: Float = 1e-3,
        momentum: Float = 0.99,
        scales: Bool = true,
        centers: Bool = true
    ) {
        self.epsilon = epsilon
        self.momentum = momentum
        self.scales = scales
        self.centers = centers
    }

    /// The weights, as ``LayerRule/weights(for:)`` asks.
    public func weights(for inputs: [Shape]) throws(RuleFault) -> [WeightSpecification] {
        let shape = Shape([try singleInput(inputs).channels])
        return (scales ? [WeightSpecification(.gamma, shape)] : [])
            + (centers ? [WeightSpecification(.beta, shape)] : [])
            + [
                WeightSpecification(.movingMean, shape, isTrainable: false),
                WeightSpecification(.movingVariance, shape, isTrainable: false),
            ]
    }

    /// The position of gamma among the weights.
    public var gammaIndex: Int? { scales ? 0 : nil }
    /// The position of beta among the weights.
    public var betaIndex: Int? { centers ? (scales ? 1 : 0) : nil }
    /// The position of the moving mean among the weights; the moving variance is the next one.
    public var movingMeanIndex: Int { (scales ? 1 : 0) + (centers ? 1 : 0) }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        try singleInput(inputs)
    }

    /// The uses, as ``LayerRule/uses(inputs:output:)`` asks.
    public func uses(inputs: [Shape], output: Shape) -> [Int] {
        [Int](repeating: 0, count: movingMeanIndex + 2)
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        for weight in 0..<movingMeanIndex + 2 {
            coupling.touch(weight: weight, axis: 0, role: .carrier, slots: call.inputSlots[0])
        }
        return call.inputSlots[0]
    }
}
