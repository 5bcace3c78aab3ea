import Tensors

/// A function of all channels of a pixel at once, beside softmax.
///
/// Shapes: input [..., C], output [..., C], or [..., C / 2] for the gated linear unit.
public enum ChannelFunction: LayerRule {
    /// The logarithm of softmax.
    case logSoftmax
    /// The first half of the channels times the sigmoid of the second.
    ///
    /// Source: Dauphin et al. 2017, "Language Modeling with Gated Convolutional Networks", arXiv:1612.08083.
    case gatedLinearUnit

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        var shape = try singleInput(inputs)
        guard self == .gatedLinearUnit else { return shape }
        guard shape.rank > 0, shape.channels.isMultiple(of: 2) else {
            throw .input(expected: "an even number of channels", found: "shape \(shape)")
        }
        shape[shape.rank - 1] /= 2
        return shape
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks: a gate goes with what it gates.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        let input = call.inputSlots[0]
        switch self {
        case .logSoftmax:
            coupling.freeze(input, because: .normalizedOverChannels)
            return input
        case .gatedLinearUnit:
            let half = input.count / 2
            for channel in 0..<half { coupling.unify([input[channel], input[half + channel]]) }
            return Array(input[..<half])
        }
    }
}
