import Graph
import Tensors

/// Sums and products of several inputs, with broadcasting.
struct MergeKernel: LayerKernel {
    let layer: Merge

    private func outputShape(_ inputs: [Tensor]) -> Shape {
        let rank = inputs.map(\.shape.rank).max() ?? 0
        var output = [Int](repeating: 1, count: rank)
        for input in inputs {
            var aligned = input.shape.dimensions
            while aligned.count < rank { aligned.insert(1, at: 1) }
            for axis in 0..<rank { output[axis] = max(output[axis], aligned[axis]) }
        }
        return Shape(output)
    }

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let shape = outputShape(inputs)
        let isSum = layer.operation == .add
        var result = Broadcast(inputs[0].shape, to: shape).expanded(inputs[0])
        for input in inputs.dropFirst() {
            result = combined(
                result,
                Broadcast(input.shape, to: shape).expanded(input),
                isSum: isSum
            )
        }
        return LayerOutput(value: result)
    }

    private func combined(_ left: Tensor, _ right: Tensor, isSum: Bool) -> Tensor {
        left.withUnsafePointer { left in
            right.withUnsafePointer { values in
                elementwise(right.shape) { range, result in
                    if isSum {
                        for position in range {
                            result[position] = left[position] + values[position]
                        }
                    } else {
                        for position in range {
                            result[position] = left[position] * values[position]
                        }
                    }
                }
            }
        }
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard call.needsInputGradient else { return LayerGradients(inputs: []) }
        let inputs = call.inputs.indices.map { index in
            var own = gradient
            if layer.operation == .multiply {
                for (other, input) in call.inputs.enumerated() where other != index {
                    let expanded = Broadcast(input.shape, to: gradient.shape).expanded(input)
                    own = combined(own, expanded, isSum: false)
                }
            }
            let shape = call.inputs[index].shape
            return Broadcast(shape, to: gradient.shape).collapsed(own, to: shape)
        }
        return LayerGradients(inputs: inputs)
    }
}
