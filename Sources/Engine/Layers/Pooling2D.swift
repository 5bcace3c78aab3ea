import CKernels
import Graph
import Tensors

/// Pooling over windows; the first of equal maxima takes the gradient, and averages count only pixels of the image.
struct Pooling2DKernel: LayerKernel {
    let layer: Pooling2D

    private var averages: Int32 { layer.operation == .average ? 1 : 0 }

    private func outputShape(_ input: Shape) -> Shape {
        let size = layer.window.outputSize(Size2D(input[1], input[2]))
        return [input[0], size.height, size.width, input.channels]
    }

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let input = inputs[0].shape
        let output = outputShape(input)
        let table = VectorKernels.current.table
        let window = kernelWindow(
            layer.window,
            input: input,
            output: output,
            width: input.channels
        )
        let imageSize = input.withoutBatch.count
        return LayerOutput(
            value: inputs[0].withUnsafePointer { images in
                imagewise(output) { index, result in
                    withUnsafePointer(to: window) { window in
                        table.pointee.pool(images + index * imageSize, window, averages, result)
                    }
                }
            }
        )
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard call.needsInputGradient else { return LayerGradients(inputs: []) }
        let input = call.inputs[0].shape
        let output = gradient.shape
        let table = VectorKernels.current.table
        let window = kernelWindow(
            layer.window,
            input: input,
            output: output,
            width: input.channels
        )
        let (imageSize, outputSize) = (input.withoutBatch.count, output.withoutBatch.count)
        let result = call.inputs[0].withUnsafePointer { images in
            gradient.withUnsafePointer { gradients in
                imagewise(input) { index, result in
                    result.initialize(repeating: 0, count: imageSize)
                    withUnsafePointer(to: window) { window in
                        table.pointee.pool_gradient(
                            images + index * imageSize,
                            gradients + index * outputSize,
                            window,
                            averages,
                            result
                        )
                    }
                }
            }
        }
        return LayerGradients(inputs: [result])
    }
}
