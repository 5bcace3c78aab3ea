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
        let image = repeated(inputs[0])
        let input = image.shape
        let size = layer.window.outputSize(Size2D(input[1], input[2]))
        let output = Shape([input[0], size.height, size.width, input.channels])
        var window = kernelWindow(
            layer.window,
            input: input,
            output: output,
            width: input.channels
        )
        let imageSize = input.withoutBatch.count
        let bias = layer.usesBias ? weights[1].values : nil
        return LayerOutput(
            value: image.withUnsafePointer { images in
                weights[0].withUnsafePointer { kernel in
                    imagewise(output) { index, result in
                        let start = images + index * imageSize
                        if let bias {
                            bias.withUnsafeBufferPointer {
                                espalier_depthwise(start, kernel, $0.baseAddress, &window, result)
                            }
                        } else {
                            espalier_depthwise(start, kernel, nil, &window, result)
                        }
                    }
                }
            }
        )
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        let image = repeated(call.inputs[0])
        let (input, output) = (image.shape, gradient.shape)
        var window = kernelWindow(
            layer.window,
            input: input,
            output: output,
            width: input.channels
        )
        let (imageSize, gradientSize) = (input.withoutBatch.count, output.withoutBatch.count)
        return image.withUnsafePointer { images in
            gradient.withUnsafePointer { gradients in
                call.weights[0].withUnsafePointer { kernel in
                    let kernelGradient = batchSum(
                        call.weights[0].shape,
                        batch: input[0]
                    ) { part, sum in
                        for index in part {
                            espalier_depthwise_gradient(
                                images + index * imageSize,
                                kernel,
                                gradients + index * gradientSize,
                                &window,
                                nil,
                                sum
                            )
                        }
                    }
                    var inputs: [Tensor] = []
                    if call.needsInputGradient {
                        let wide = imagewise(input) { index, result in
                            result.initialize(repeating: 0, count: imageSize)
                            espalier_depthwise_gradient(
                                images + index * imageSize,
                                kernel,
                                gradients + index * gradientSize,
                                &window,
                                result,
                                nil
                            )
                        }
                        inputs = [summed(wide, like: call.inputs[0].shape)]
                    }
                    let bias = layer.usesBias ? [biasGradient(gradient)] : []
                    return LayerGradients(inputs: inputs, weights: [kernelGradient] + bias)
                }
            }
        }
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
