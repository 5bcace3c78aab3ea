import CKernels
import Graph
import Tensors

/// Elementwise functions and their derivatives, and softmax over the last axis.
struct ActivationKernel: LayerKernel {
    let function: Activation

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let input = inputs[0]
        if let clip = Clip(function) { return LayerOutput(value: rectified(input, clip.high)) }
        switch function {
        case .linear: return LayerOutput(value: input)
        case .softmax: return LayerOutput(value: softmax(input))
        case .relu, .sigmoid, .tanh, .elu, .selu, .softplus, .softsign, .exponential, .silu,
            .hardSigmoid, .hardSilu, .gelu, .curve:
            return LayerOutput(value: mapped(input, function.value))
        }
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard call.needsInputGradient else { return LayerGradients(inputs: []) }
        let input = call.inputs[0]
        if let clip = Clip(function) {
            var result = gradient
            Gate.pass(&result, output: call.output, ceiling: clip.high)
            return LayerGradients(inputs: [result])
        }
        let result: Tensor
        switch function {
        case .linear: result = gradient
        case .softmax: result = softmaxGradient(gradient, output: call.output)
        case .relu, .sigmoid, .tanh, .elu, .selu, .softplus, .softsign, .exponential, .silu,
            .hardSigmoid, .hardSilu, .gelu, .curve:
            result = zipped(gradient, input) { $0 * function.slope(at: $1) }
        }
        return LayerGradients(inputs: [result])
    }

    private func rectified(_ input: Tensor, _ ceiling: Float) -> Tensor {
        let table = VectorKernels.current.table
        return input.withUnsafePointer { values in
            elementwise(input.shape) { range, result in
                let first = range.lowerBound
                table.pointee.rectify(values + first, ceiling, range.count, result + first)
            }
        }
    }

    private func softmax(_ input: Tensor) -> Tensor {
        let width = input.shape.channels
        return input.withUnsafePointer { values in
            channelwise(input.shape) { row, result in
                softmaxRow(values + row * width, into: result, width: width)
            }
        }
    }

    /// dx = y (dy - sum(dy y)).
    private func softmaxGradient(_ gradient: Tensor, output: Tensor) -> Tensor {
        let width = output.shape.channels
        return gradient.withUnsafePointer { gradients in
            output.withUnsafePointer { values in
                channelwise(output.shape) { row, result in
                    let (dy, y) = (gradients + row * width, values + row * width)
                    var sum: Float = 0
                    for column in 0..<width { sum += dy[column] * y[column] }
                    for column in 0..<width { result[column] = y[column] * (dy[column] - sum) }
                }
            }
        }
    }
}

/// Softmax of one row, shifted by its largest element.
func softmaxRow(
    _ input: UnsafePointer<Float>,
    into result: UnsafeMutablePointer<Float>,
    width: Int
) {
    var largest = -Float.infinity
    for column in 0..<width { largest = max(largest, input[column]) }
    var sum: Float = 0
    for column in 0..<width {
        result[column] = Float.exponential(input[column] - largest)
        sum += result[column]
    }
    for column in 0..<width { result[column] /= sum }
}

private func logistic(_ value: Float) -> Float { 1 / (1 + Float.exponential(-value)) }

/// The two constants of the self-normalizing exponential unit.
///
/// Source: Klambauer et al. 2017, "Self-Normalizing Neural Networks", arXiv:1706.02515, equation 2.
let seluScale: Float = 1.050_701
let seluAlpha: Float = 1.673_263_2
private let rootOfTwoOverPi: Float = 0.797_884_6
private let geluCubic: Float = 0.044715

extension Activation {
    /// The function of one element; softmax has none.
    func value(_ x: Float) -> Float {
        switch self {
        case .linear, .softmax: x
        case .relu(let slope, let maximum, let threshold):
            x >= (maximum ?? .infinity)
                ? (maximum ?? x) : (x >= threshold ? x : slope * (x - threshold))
        case .sigmoid: logistic(x)
        case .tanh: Float.hyperbolicTangent(x)
        case .elu(let alpha): x > 0 ? x : alpha * Float.exponentialLessOne(x)
        case .selu:
            seluScale * (x > 0 ? x : seluAlpha * Float.exponentialLessOne(x))
        case .softplus: max(x, 0) + Float.logarithmOnePlus(Float.exponential(-abs(x)))
        case .softsign: x / (1 + abs(x))
        case .exponential: Float.exponential(x)
        case .silu: x * logistic(x)
        case .hardSigmoid(let slope): min(max(slope * x + 0.5, 0), 1)
        case .hardSilu: x * min(max(x / 6 + 0.5, 0), 1)
        case .gelu(isApproximate: true):
            0.5 * x
                * (1 + Float.hyperbolicTangent(rootOfTwoOverPi * (x + geluCubic * x * x * x)))
        case .gelu(isApproximate: false):
            0.5 * x * (1 + Float.errorFunction(x / Float(2).squareRoot()))
        case .curve(let curve): curve.value(x)
        }
    }

    /// The derivative at one element; softmax has none.
    func slope(at x: Float) -> Float {
        switch self {
        case .linear, .softmax: return 1
        case .relu(let slope, let maximum, let threshold):
            if let maximum, x >= maximum { return 0 }
            return x > threshold ? 1 : slope
        case .sigmoid:
            let y = logistic(x)
            return y * (1 - y)
        case .tanh:
            let y = Float.hyperbolicTangent(x)
            return 1 - y * y
        case .elu(let alpha): return x > 0 ? 1 : alpha * Float.exponential(x)
        case .selu: return seluScale * (x > 0 ? 1 : seluAlpha * Float.exponential(x))
        case .softplus: return logistic(x)
        case .softsign: return 1 / ((1 + abs(x)) * (1 + abs(x)))
        case .exponential: return Float.exponential(x)
        case .silu:
            let y = logistic(x)
            return y * (1 + x * (1 - y))
        case .hardSigmoid(let slope): return abs(slope * x) < 0.5 ? slope : 0
        case .hardSilu: return x <= -3 ? 0 : (x >= 3 ? 1 : x / 3 + 0.5)
        case .gelu(isApproximate: true):
            let inner = rootOfTwoOverPi * (x + geluCubic * x * x * x)
            let y = Float.hyperbolicTangent(inner)
            return 0.5 * (1 + y) + 0.5 * x * (1 - y * y) * rootOfTwoOverPi
                * (1 + 3 * geluCubic * x * x)
        case .gelu(isApproximate: false):
            let density = Float.exponential(-0.5 * x * x) * 0.398_942_3
            return 0.5 * (1 + Float.errorFunction(x / Float(2).squareRoot())) + x * density
        case .curve(let curve): return curve.slope(at: x)
        }
    }
}
