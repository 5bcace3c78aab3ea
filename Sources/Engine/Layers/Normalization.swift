import Graph
import Tensors

/// A fixed normalization by stored statistics.
struct NormalizationKernel: LayerKernel {
    let layer: Normalization

    private func map(weights: [Tensor], width: Int) -> (scale: [Float], offset: [Float]) {
        let mean = spread(weights[0].values, over: width)
        let deviation = spread(weights[1].values, over: width).map { max($0.squareRoot(), 1e-7) }
        if layer.isInverted { return (deviation, mean) }
        let scale = deviation.map { 1 / $0 }
        return (scale, zip(mean, deviation).map { -$0 / $1 })
    }

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let (scale, offset) = map(weights: weights, width: inputs[0].shape.channels)
        return LayerOutput(value: linear(inputs[0], ChannelMap(scale: scale, offset: offset)))
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        let width = gradient.shape.channels
        let scale = map(weights: call.weights, width: width).scale
        let input = linear(gradient, ChannelMap(scale: scale))
        return LayerGradients(
            inputs: call.needsInputGradient ? [input] : [],
            weights: [nil, nil]
        )
    }
}
