import Graph
import Tensors

/// A border of zeros: rows of pixels are copied into a larger image.
struct ZeroPadding2DKernel: LayerKernel {
    let layer: ZeroPadding2D

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let input = inputs[0].shape
        let border = layer.border
        let output: Shape = [
            input[0], input[1] + border.top + border.bottom,
            input[2] + border.left + border.right, input.channels,
        ]
        let run = input[2] * input.channels
        return LayerOutput(
            value: inputs[0].withUnsafePointer { images in
                imagewise(output) { index, result in
                    result.initialize(repeating: 0, count: output.withoutBatch.count)
                    for row in 0..<input[1] {
                        let start = ((row + border.top) * output[2] + border.left) * input.channels
                        (result + start).update(
                            from: images + (index * input[1] + row) * run,
                            count: run
                        )
                    }
                }
            }
        )
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard call.needsInputGradient else { return LayerGradients(inputs: []) }
        let input = call.inputs[0].shape
        let border = layer.border
        let rows = gradient.selecting(
            Array(border.top..<border.top + input[1]),
            axis: 1
        )
        let result = rows.selecting(Array(border.left..<border.left + input[2]), axis: 2)
        return LayerGradients(inputs: [result])
    }
}
