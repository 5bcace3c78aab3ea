import Graph
import Tensors

/// Normalization of each pixel over its channels; sums in Float64.
struct LayerNormalizationKernel: LayerKernel {
    let layer: LayerNormalization

    private func scale(_ weights: [Tensor], width: Int) -> [Float] {
        layer.scales ? weights[0].values : [Float](repeating: 1, count: width)
    }

    private func offset(_ weights: [Tensor], width: Int) -> [Float] {
        layer.centers
            ? weights[layer.scales ? 1 : 0].values : [Float](repeating: 0, count: width)
    }

    /// The mean that is taken away and one over the deviation of a row.
    private func moments(_ row: UnsafePointer<Float>, _ width: Int) -> (Double, Double) {
        var (sum, squares) = (0.0, 0.0)
        if !layer.usesMeanSquare {
            for column in 0..<width { sum += Double(row[column]) }
        }
        let mean = sum / Double(width)
        for column in 0..<width {
            let distance = Double(row[column]) - mean
            squares += distance * distance
        }
        return (mean, 1 / (squares / Double(width) + Double(layer.epsilon)).squareRoot())
    }

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let width = inputs[0].shape.channels
        let gamma = scale(weights, width: width)
        let beta = offset(weights, width: width)
        return LayerOutput(value: normalized(inputs[0], gamma: gamma, beta: beta))
    }

    private func normalized(_ input: Tensor, gamma: [Float], beta: [Float]) -> Tensor {
        let width = input.shape.channels
        return input.withUnsafePointer { values in
            channelwise(input.shape) { row, result in
                let source = values + row * width
                let (mean, inverse) = moments(source, width)
                for column in 0..<width {
                    let value = Float((Double(source[column]) - mean) * inverse)
                    result[column] = value * gamma[column] + beta[column]
                }
            }
        }
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        let width = gradient.shape.channels
        let gamma = scale(call.weights, width: width)
        var weights: [Tensor?] = []
        if layer.scales {
            let ones = [Float](repeating: 1, count: width)
            let zeros = [Float](repeating: 0, count: width)
            let plain = normalized(call.inputs[0], gamma: ones, beta: zeros)
            let sums = columnSums(zipped(gradient, plain, *))
            weights.append(Tensor([width], values: sums.map(Float.init)))
        }
        if layer.centers { weights.append(biasGradient(gradient)) }
        let inputs =
            call.needsInputGradient
            ? [inputGradient(gradient, input: call.inputs[0], gamma: gamma)] : []
        return LayerGradients(inputs: inputs, weights: weights)
    }

    /// With n = (x - mean) / deviation and g = dy gamma: dx = (g - mean(g) - n mean(g n)) / deviation.
    private func inputGradient(_ gradient: Tensor, input: Tensor, gamma: [Float]) -> Tensor {
        let width = input.shape.channels
        return gradient.withUnsafePointer { gradients in
            input.withUnsafePointer { values in
                channelwise(input.shape) { row, result in
                    let (dy, x) = (gradients + row * width, values + row * width)
                    let (mean, inverse) = moments(x, width)
                    var (sum, product) = (0.0, 0.0)
                    for column in 0..<width {
                        let own = Double(dy[column]) * Double(gamma[column])
                        sum += own
                        product += own * (Double(x[column]) - mean) * inverse
                    }
                    let average = layer.usesMeanSquare ? 0 : sum / Double(width)
                    for column in 0..<width {
                        let own = Double(dy[column]) * Double(gamma[column])
                        let place = (Double(x[column]) - mean) * inverse
                        result[column] = Float(
                            (own - average - place * product / Double(width)) * inverse
                        )
                    }
                }
            }
        }
    }
}
