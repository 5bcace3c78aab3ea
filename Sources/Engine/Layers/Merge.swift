import Graph
import Tensors

/// Sums and products of several inputs, with broadcasting.
struct MergeKernel: LayerKernel {
    let layer: Merge

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let shape = batchedOutputShape(of: layer, for: inputs)
        var result = Broadcast(inputs[0].shape, to: shape).expanded(inputs[0])
        for input in inputs.dropFirst() {
            let expanded = Broadcast(input.shape, to: shape).expanded(input)
            switch layer.operation {
            case .add: result = sum(result, expanded)
            case .multiply: result = zipped(result, expanded, *)
            }
        }
        return LayerOutput(value: result)
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard call.needsInputGradient else { return LayerGradients(inputs: []) }
        let inputs = call.inputs.indices.map { index in
            var own = gradient
            if layer.operation == .multiply {
                for (other, input) in call.inputs.enumerated() where other != index {
                    let expanded = Broadcast(input.shape, to: gradient.shape).expanded(input)
                    own = zipped(own, expanded, *)
                }
            }
            let shape = call.inputs[index].shape
            return Broadcast(shape, to: gradient.shape).collapsed(own, to: shape)
        }
        return LayerGradients(inputs: inputs)
    }
}
