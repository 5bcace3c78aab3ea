import Graph
import Tensors

private func logistic(_ value: Float) -> Float { 1 / (1 + Float.exponential(-value)) }

private func softplus(_ value: Float) -> Float {
    max(value, 0) + Float.logarithmOnePlus(Float.exponential(-abs(value)))
}

extension ActivationCurve {
    /// The function of one element.
    func value(_ x: Float) -> Float {
        switch self {
        case .celu(let alpha):
            max(x, 0) + alpha * Float.exponentialLessOne(min(x, 0) / alpha)
        case .mish: x * Float.hyperbolicTangent(softplus(x))
        case .squareplus(let b): 0.5 * (x + (x * x + b).squareRoot())
        case .softShrink(let threshold):
            x > threshold ? x - threshold : (x < -threshold ? x + threshold : 0)
        case .hardShrink(let threshold): abs(x) > threshold ? x : 0
        case .tanhShrink: x - Float.hyperbolicTangent(x)
        case .sparsePlus: x <= -1 ? 0 : (x < 1 ? 0.25 * (x + 1) * (x + 1) : x)
        case .sparseSigmoid: min(max(0.5 * (x + 1), 0), 1)
        case .hardTanh: min(max(x, -1), 1)
        case .logSigmoid: -softplus(-x)
        }
    }

    /// The derivative at one element.
    func slope(at x: Float) -> Float {
        switch self {
        case .celu(let alpha): return x > 0 ? 1 : Float.exponential(x / alpha)
        case .mish:
            let y = Float.hyperbolicTangent(softplus(x))
            return y + x * (1 - y * y) * logistic(x)
        case .squareplus(let b): return 0.5 * (1 + x / (x * x + b).squareRoot())
        case .softShrink(let threshold), .hardShrink(let threshold):
            return abs(x) > threshold ? 1 : 0
        case .tanhShrink:
            let y = Float.hyperbolicTangent(x)
            return y * y
        case .sparsePlus: return x <= -1 ? 0 : (x < 1 ? 0.5 * (x + 1) : 1)
        case .sparseSigmoid: return abs(x) < 1 ? 0.5 : 0
        case .hardTanh: return abs(x) < 1 ? 1 : 0
        case .logSigmoid: return logistic(-x)
        }
    }
}
