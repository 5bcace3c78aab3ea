import Graph
import Tensors

/// Flatten and Reshape: the same elements under another shape.
struct ReshapeKernel: LayerKernel {
    let rule: any LayerRule

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        LayerOutput(value: inputs[0].reshaped(batchedOutputShape(of: rule, for: inputs)))
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        LayerGradients(
            inputs: call.needsInputGradient ? [gradient.reshaped(call.inputs[0].shape)] : []
        )
    }
}
