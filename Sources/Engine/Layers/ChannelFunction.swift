import Graph
import Tensors

/// Functions of all channels of a pixel at once, row by row.
struct ChannelFunctionKernel: LayerKernel {
    let function: ChannelFunction

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let width = inputs[0].shape.channels
        return LayerOutput(
            value: inputs[0].withUnsafePointer { values in
                channelwise(batchedOutputShape(of: function, for: inputs)) { row, result in
                    let source = values + row * width
                    switch function {
                    case .logSoftmax: logSoftmaxRow(source, into: result, width: width)
                    case .gatedLinearUnit:
                        for column in 0..<width / 2 {
                            result[column] = source[column] * logistic(source[width / 2 + column])
                        }
                    }
                }
            }
        )
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard call.needsInputGradient else { return LayerGradients(inputs: []) }
        let width = call.inputs[0].shape.channels
        let outputWidth = gradient.shape.channels
        let result = call.inputs[0].withUnsafePointer { values in
            call.output.withUnsafePointer { outputs in
                gradient.withUnsafePointer { gradients in
                    channelwise(call.inputs[0].shape) { row, result in
                        rowGradient(
                            gradients + row * outputWidth,
                            input: values + row * width,
                            output: outputs + row * outputWidth,
                            into: result,
                            width: width
                        )
                    }
                }
            }
        }
        return LayerGradients(inputs: [result])
    }

    /// The gradient of one row: log-softmax `dx = dy - exp(y) sum(dy)`, the gate by the product rule.
    private func rowGradient(
        _ dy: UnsafePointer<Float>,
        input x: UnsafePointer<Float>,
        output y: UnsafePointer<Float>,
        into result: UnsafeMutablePointer<Float>,
        width: Int
    ) {
        switch function {
        case .logSoftmax:
            var sum: Float = 0
            for column in 0..<width { sum += dy[column] }
            for column in 0..<width {
                result[column] = dy[column] - Float.exponential(y[column]) * sum
            }
        case .gatedLinearUnit:
            let half = width / 2
            for column in 0..<half {
                let gate = logistic(x[half + column])
                result[column] = dy[column] * gate
                result[half + column] = dy[column] * x[column] * gate * (1 - gate)
            }
        }
    }
}

private func logistic(_ value: Float) -> Float { 1 / (1 + Float.exponential(-value)) }

private func logSoftmaxRow(
    _ input: UnsafePointer<Float>,
    into result: UnsafeMutablePointer<Float>,
    width: Int
) {
    var largest = -Float.infinity
    for column in 0..<width { largest = max(largest, input[column]) }
    var sum: Float = 0
    for column in 0..<width { sum += Float.exponential(input[column] - largest) }
    let shift = largest + Float.logarithm(sum)
    for column in 0..<width { result[column] = input[column] - shift }
}
