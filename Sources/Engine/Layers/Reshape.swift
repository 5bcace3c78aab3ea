import Graph
import Tensors

/// Flatten and Reshape: the same elements under another shape.
struct ReshapeKernel: LayerKernel {
    let rule: any LayerRule

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let input = inputs[0]
        do {
            let shape = try rule.outputShape(for: [input.shape.withoutBatch])
            return LayerOutput(value: input.reshaped(shape.batched(input.shape[0])))
        } catch {
            preconditionFailure("the network was checked when it was made: \(error)")
        }
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        LayerGradients(
            inputs: call.needsInputGradient ? [gradient.reshaped(call.inputs[0].shape)] : []
        )
    }
}
