import Graph
import Tensors

/// Elementwise combinations of several inputs, with broadcasting.
struct MergeKernel: LayerKernel {
    let layer: Merge

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let shape = batchedOutputShape(of: layer, for: inputs)
        var result = Broadcast(inputs[0].shape, to: shape).expanded(inputs[0])
        for input in inputs.dropFirst() {
            let expanded = Broadcast(input.shape, to: shape).expanded(input)
            switch layer.operation {
            case .add, .average: result = sum(result, expanded)
            case .multiply: result = zipped(result, expanded, *)
            case .subtract: result = zipped(result, expanded, -)
            case .maximum: result = zipped(result, expanded) { $0 >= $1 ? $0 : $1 }
            case .minimum: result = zipped(result, expanded) { $0 <= $1 ? $0 : $1 }
            }
        }
        if layer.operation == .average {
            let count = Float(inputs.count)
            result = mapped(result) { $0 / count }
        }
        return LayerOutput(value: result)
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard call.needsInputGradient else { return LayerGradients(inputs: []) }
        let inputs = call.inputs.indices.map { index in
            let shape = call.inputs[index].shape
            return Broadcast(shape, to: gradient.shape).collapsed(
                expandedGradient(gradient, input: index, call: call),
                to: shape
            )
        }
        return LayerGradients(inputs: inputs)
    }

    /// The gradient of one input as if it had been written out in full.
    private func expandedGradient(_ gradient: Tensor, input: Int, call: RecordedCall) -> Tensor {
        func expanded(_ index: Int) -> Tensor {
            Broadcast(call.inputs[index].shape, to: gradient.shape).expanded(call.inputs[index])
        }
        switch layer.operation {
        case .add: return gradient
        case .subtract: return input == 0 ? gradient : mapped(gradient) { -$0 }
        case .average:
            let count = Float(call.inputs.count)
            return mapped(gradient) { $0 / count }
        case .multiply:
            return call.inputs.indices.filter { $0 != input }
                .reduce(gradient) { zipped($0, expanded($1), *) }
        case .maximum, .minimum:
            return extremumGradient(gradient, input: input, count: call.inputs.count, expanded)
        }
    }

    /// Keras folds the inputs from the left, two at a time; of two that are equal TensorFlow gives the first the gradient.
    private func extremumGradient(
        _ gradient: Tensor,
        input: Int,
        count: Int,
        _ expanded: (Int) -> Tensor
    ) -> Tensor {
        let sign: Float = layer.operation == .maximum ? 1 : -1
        let own = expanded(input)
        var result = gradient
        for other in 0..<count where other != input {
            let wins = zipped(own, expanded(other)) { mine, theirs in
                let lead = sign * (mine - theirs)
                return lead > 0 || lead == 0 && input < other ? 1 : 0
            }
            result = zipped(result, wins, *)
        }
        return result
    }
}
