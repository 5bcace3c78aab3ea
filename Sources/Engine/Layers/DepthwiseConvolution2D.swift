import CKernels
import Graph
import Tensors

/// Depthwise convolution tap by tap; with a multiplier the image's channels are repeated first, so one kernel serves both.
struct DepthwiseConvolution2DKernel: LayerKernel {
    let layer: DepthwiseConvolution2D

    /// The image with every channel repeated `multiplier` times, as the kernel's last two axes lie.
    private func repeated(_ tensor: Tensor) -> Tensor {
        let multiplier = layer.multiplier
        guard multiplier > 1 else { return tensor }
        var shape = tensor.shape
        shape[3] *= multiplier
        return tensor.withUnsafePointer { source in
            elementwise(shape) { range, result in
                for position in range { result[position] = source[position / multiplier] }
            }
        }
    }

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let finish = Finish(bias: layer.usesBias ? weights[1].values : [])
        return LayerOutput(value: forward(inputs[0], kernel: weights[0], finish: finish))
    }

    /// The convolution of images with a border of zeros, with what follows it done before each value is stored.
    func forward(
        _ input: Tensor,
        kernel: Tensor,
        finish: Finish,
        border: Border = .none
    ) -> Tensor {
        let image = repeated(input)
        let input = image.shape
        let size = layer.window.outputSize(border.around(input))
        let output = Shape([input[0], size.height, size.width, input.channels])
        let window = kernelWindow(
            layer.window,
            input: input,
            output: output,
            width: input.channels,
            border: border
        )
        let imageSize = input.withoutBatch.count
        let table = VectorKernels.current.table
        let outputSize = output.withoutBatch.count
        return withUnsafePointer(to: window) { window in
            image.withUnsafePointer { images in
                kernel.withUnsafePointer { kernel in
                    finish.withKernelForm { finish in
                        imagewise(output) { index, result in
                            var own = finish?.pointee.moved(column: 0, place: index * outputSize)
                            withOptionalPointer(to: &own) { finish in
                                let start = images + index * imageSize
                                table.pointee.depthwise(start, kernel, window, finish, result)
                            }
                        }
                    }
                }
            }
        }
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        let image = repeated(call.inputs[0])
        let (input, output) = (image.shape, gradient.shape)
        let window = kernelWindow(
            layer.window,
            input: input,
            output: output,
            width: input.channels
        )
        let (imageSize, gradientSize) = (input.withoutBatch.count, output.withoutBatch.count)
        let table = VectorKernels.current.table
        let kernelGradient = withUnsafePointer(to: window) { window in
            image.withUnsafePointer { images in
                gradient.withUnsafePointer { gradients in
                    batchSum(call.weights[0].shape, batch: input[0]) { part, sum in
                        for index in part {
                            table.pointee.depthwise_kernel_gradient(
                                images + index * imageSize,
                                gradients + index * gradientSize,
                                window,
                                sum
                            )
                        }
                    }
                }
            }
        }
        let bias = layer.usesBias ? [biasGradient(gradient)] : []
        guard call.needsInputGradient else {
            return LayerGradients(inputs: [], weights: [kernelGradient] + bias)
        }
        let wide = withUnsafePointer(to: window) { window in
            call.weights[0].withUnsafePointer { kernel in
                gradient.withUnsafePointer { gradients in
                    imagewise(input) { index, result in
                        let own = gradients + index * gradientSize
                        table.pointee.depthwise_input_gradient(kernel, own, window, result)
                    }
                }
            }
        }
        return LayerGradients(
            inputs: [summed(wide, like: call.inputs[0].shape)],
            weights: [kernelGradient] + bias
        )
    }

    /// The adjoint of ``repeated(_:)``.
    private func summed(_ wide: Tensor, like shape: Shape) -> Tensor {
        let multiplier = layer.multiplier
        guard multiplier > 1 else { return wide }
        return wide.withUnsafePointer { source in
            elementwise(shape) { range, result in
                for position in range {
                    var sum: Float = 0
                    for copy in 0..<multiplier { sum += source[position * multiplier + copy] }
                    result[position] = sum
                }
            }
        }
    }
}
