import Graph
import Tensors

/// Inputs side by side along one axis: runs of elements are copied in turn.
struct ConcatenateKernel: LayerKernel {
    let layer: Concatenate

    private func axis(_ shape: Shape) -> Int { shape.rank - 1 - layer.axisFromLast }

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let axis = axis(inputs[0].shape)
        var shape = inputs[0].shape
        shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
        let outer = shape.dimensions[..<axis].reduce(1, *)
        let runs = inputs.map { $0.count / max(outer, 1) }
        var values: [Float] = []
        values.reserveCapacity(shape.count)
        for block in 0..<outer {
            for (input, run) in zip(inputs, runs) {
                values.append(contentsOf: input.values[block * run..<(block + 1) * run])
            }
        }
        return LayerOutput(value: Tensor(shape, values: values))
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard call.needsInputGradient else { return LayerGradients(inputs: []) }
        let axis = axis(gradient.shape)
        var first = 0
        let inputs = call.inputs.map { input in
            let length = input.shape[axis]
            defer { first += length }
            return gradient.selecting(Array(first..<first + length), axis: axis)
        }
        return LayerGradients(inputs: inputs)
    }
}
