import Tensors

/// A function applied to every element, or softmax over the last axis.
public enum Activation: LayerRule {
    /// The input itself.
    case linear
    /// `max(0, x)` with Keras' three options: `x` capped at `maximum`, `slope * (x - threshold)` below `threshold`.
    case relu(slope: Float = 0, maximum: Float? = nil, threshold: Float = 0)
    /// `exp(x) / sum(exp(x))` over the last axis.
    case softmax
    /// `1 / (1 + exp(-x))`.
    case sigmoid
    /// The hyperbolic tangent.
    case tanh
    /// `x` above zero, `alpha (exp(x) - 1)` below.
    case elu(alpha: Float = 1)
    /// The self-normalizing exponential unit.
    case selu
    /// `log(1 + exp(x))`.
    case softplus
    /// `x / (1 + |x|)`.
    case softsign
    /// `exp(x)`.
    case exponential
    /// `x sigmoid(x)`, also called swish.
    case silu
    /// A straight-line sigmoid, `clip(slope * x + 0.5, 0, 1)`: slope 1/6 in Keras 3, 1/5 in Keras 2.
    case hardSigmoid(slope: Float = 1 / 6)
    /// `x` times the straight-line sigmoid of slope 1/6, also called hard swish.
    case hardSilu
    /// `x` times the normal distribution function, exact or by tanh.
    case gelu(isApproximate: Bool = false)
    /// One of the less common elementwise functions.
    case curve(ActivationCurve)

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        try singleInput(inputs)
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        if self == .softmax {
            coupling.freeze(call.inputSlots[0], because: .normalizedOverChannels)
        }
        return call.inputSlots[0]
    }
}
