import Graph
import Tensors

/// A rectifier with a learned slope below zero; at zero the slope is TensorFlow's, which gives no gradient there.
struct ParametricReLUKernel: LayerKernel {
    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let alpha = expanded(weights[0], to: inputs[0].shape)
        return LayerOutput(value: zipped(inputs[0], alpha) { $0 > 0 ? $0 : $0 * $1 })
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        let input = call.inputs[0]
        let alpha = call.weights[0]
        let batched = alpha.shape.batched(1)
        let perElement = zipped(gradient, input) { $0 * min($1, 0) }
        let own = Broadcast(batched, to: input.shape).collapsed(perElement, to: batched)
        var inputs: [Tensor] = []
        if call.needsInputGradient {
            let slopes = zipped(input, expanded(alpha, to: input.shape)) { x, slope in
                x > 0 ? 1 : (x < 0 ? slope : 0)
            }
            inputs = [zipped(gradient, slopes, *)]
        }
        return LayerGradients(inputs: inputs, weights: [own.reshaped(alpha.shape)])
    }

    private func expanded(_ alpha: Tensor, to shape: Shape) -> Tensor {
        let batched = alpha.shape.batched(1)
        return Broadcast(batched, to: shape).expanded(alpha.reshaped(batched))
    }
}
