/// The elementwise functions beside the common ones that Keras knows by name.
public enum ActivationCurve: Hashable, Sendable {
    /// `max(x, 0) + alpha (exp(min(x, 0) / alpha) - 1)`.
    case celu(alpha: Float = 1)
    /// `x tanh(log(1 + exp(x)))`.
    case mish
    /// `(x + sqrt(x^2 + b)) / 2`.
    case squareplus(b: Float = 4)
    /// `x` moved towards zero by the threshold, zero within it.
    case softShrink(threshold: Float = 0.5)
    /// `x` outside the threshold, zero within it.
    case hardShrink(threshold: Float = 0.5)
    /// `x - tanh(x)`.
    case tanhShrink
    /// Zero up to -1, `x` from 1, a parabola between.
    case sparsePlus
    /// Zero up to -1, one from 1, a straight line between.
    case sparseSigmoid
    /// `x` clipped to -1 and 1.
    case hardTanh
    /// `-log(1 + exp(-x))`.
    case logSigmoid
}
