import Graph
import Tensors

/// The axes in another order, element by element.
struct PermuteKernel: LayerKernel {
    let layer: Permute

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        LayerOutput(value: permuted(inputs[0], order: layer.order))
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard call.needsInputGradient else { return LayerGradients(inputs: []) }
        var inverse = layer.order
        for (position, axis) in layer.order.enumerated() { inverse[axis] = position }
        return LayerGradients(inputs: [permuted(gradient, order: inverse)])
    }

    private func permuted(_ input: Tensor, order: [Int]) -> Tensor {
        var steps = [Int](repeating: 1, count: input.shape.rank)
        for axis in (0..<input.shape.rank - 1).reversed() {
            steps[axis] = steps[axis + 1] * input.shape[axis + 1]
        }
        let axes = [0] + order.map { $0 + 1 }
        let output = Shape(axes.map { input.shape[$0] })
        let sourceSteps = axes.map { steps[$0] }
        let width = output.channels
        return input.withUnsafePointer { values in
            channelwise(output) { row, result in
                var (remainder, start) = (row, 0)
                for axis in (0..<output.rank - 1).reversed() {
                    start += remainder % output[axis] * sourceSteps[axis]
                    remainder /= output[axis]
                }
                let step = sourceSteps[output.rank - 1]
                for column in 0..<width { result[column] = values[start + column * step] }
            }
        }
    }
}
