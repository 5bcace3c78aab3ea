import Tensors

/// A fixed normalization by stored statistics, `y = (x - mean) / max(sqrt(variance), 1e-7)`, per channel or for all.
///
/// Shapes: input and output [..., C]; mean and variance [C], or [1] where one pair serves all channels.
public struct Normalization: LayerRule {
    /// Whether each channel has its own statistics.
    public var isPerChannel: Bool
    /// Whether the map is undone instead: `y = mean + x * max(sqrt(variance), 1e-7)`.
    public var isInverted: Bool

    /// Makes a normalization layer.
    public init(isPerChannel: Bool = true, isInverted: Bool = false) {
        self.isPerChannel = isPerChannel
        self.isInverted = isInverted
    }

    /// The weights, as ``LayerRule/weights(for:)`` asks.
    public func weights(for inputs: [Shape]) throws(RuleFault) -> [WeightSpecification] {
        let shape = Shape([isPerChannel ? try singleInput(inputs).channels : 1])
        return [
            WeightSpecification(.movingMean, shape, isTrainable: false),
            WeightSpecification(.movingVariance, shape, isTrainable: false),
        ]
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        try singleInput(inputs)
    }

    /// The uses, as ``LayerRule/uses(inputs:output:)`` asks.
    public func uses(inputs: [Shape], output: Shape) -> [Int] { [0, 0] }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        if isPerChannel { coupling.freeze(call.inputSlots[0], because: .fixedPerChannel) }
        return call.inputSlots[0]
    }
}
