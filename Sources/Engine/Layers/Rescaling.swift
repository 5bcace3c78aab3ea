import Graph
import Tensors

/// A fixed linear map.
struct RescalingKernel: LayerKernel {
    let layer: Rescaling

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let width = inputs[0].shape.channels
        return LayerOutput(
            value: linear(
                inputs[0],
                ChannelMap(
                    scale: spread(layer.scale, over: width),
                    offset: spread(layer.offset, over: width)
                )
            )
        )
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard call.needsInputGradient else { return LayerGradients(inputs: []) }
        let width = gradient.shape.channels
        return LayerGradients(inputs: [
            linear(gradient, ChannelMap(scale: spread(layer.scale, over: width)))
        ])
    }
}

/// One number per channel from one number, or as they are.
func spread(_ values: [Float], over width: Int) -> [Float] {
    values.count == width ? values : [Float](repeating: values[0], count: width)
}
