import Graph
import Tensors

/// Cropping: the adjoint of a border of zeros.
struct Cropping2DKernel: LayerKernel {
    let layer: Cropping2D

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let shape = batchedOutputShape(of: layer, for: inputs)
        let rows = Array(layer.border.top..<layer.border.top + shape[1])
        let columns = Array(layer.border.left..<layer.border.left + shape[2])
        return LayerOutput(
            value: inputs[0].selecting(rows, axis: 1).selecting(columns, axis: 2)
        )
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard call.needsInputGradient else { return LayerGradients(inputs: []) }
        let padding = ZeroPadding2DKernel(layer: ZeroPadding2D(border: layer.border))
        return LayerGradients(inputs: [
            padding.forward([gradient], weights: [], mode: .inference).value
        ])
    }
}
