import Tensors

/// A learned factor per channel, `y = x * gamma`.
///
/// Shapes: input and output [..., C], gamma [C].
///
/// Source: Touvron et al. 2021, "Going deeper with Image Transformers", arXiv:2103.17239 (LayerScale).
public struct ChannelScale: LayerRule {
    /// Makes a scale.
    public init() {}

    /// The weights, as ``LayerRule/weights(for:)`` asks.
    public func weights(for inputs: [Shape]) throws(RuleFault) -> [WeightSpecification] {
        [WeightSpecification(.gamma, [try singleInput(inputs).channels])]
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        try singleInput(inputs)
    }

    /// The uses, as ``LayerRule/uses(inputs:output:)`` asks.
    public func uses(inputs: [Shape], output: Shape) -> [Int] { [0] }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        coupling.touch(weight: 0, axis: 0, role: .carrier, slots: call.inputSlots[0])
        return call.inputSlots[0]
    }
}
