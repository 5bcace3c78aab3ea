import Graph
import Tensors

/// A learned factor per channel.
struct ChannelScaleKernel: LayerKernel {
    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        LayerOutput(value: scaled(inputs[0], by: weights[0].values))
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        let sums = columnSums(zipped(gradient, call.inputs[0], *))
        return LayerGradients(
            inputs: call.needsInputGradient
                ? [scaled(gradient, by: call.weights[0].values)] : [],
            weights: [Tensor(call.weights[0].shape, values: sums.map(Float.init))]
        )
    }

    private func scaled(_ input: Tensor, by gamma: [Float]) -> Tensor {
        linear(input, ChannelMap(scale: gamma))
    }
}
