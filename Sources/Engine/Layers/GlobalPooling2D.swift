import Graph
import Tensors

/// Pooling over the whole image; equal maxima share the gradient, as TensorFlow's reduce_max does.
struct GlobalPooling2DKernel: LayerKernel {
    let layer: GlobalPooling2D

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let input = inputs[0].shape
        let (pixels, width) = (input[1] * input[2], input.channels)
        let shape: Shape = layer.keepsDimensions ? [input[0], 1, 1, width] : [input[0], width]
        return LayerOutput(
            value: inputs[0].withUnsafePointer { images in
                imagewise(shape) { index, result in
                    let image = images + index * pixels * width
                    for channel in 0..<width {
                        switch layer.operation {
                        case .average:
                            var sum = 0.0
                            for pixel in 0..<pixels {
                                sum += Double(image[pixel * width + channel])
                            }
                            result[channel] = Float(sum / Double(pixels))
                        case .maximum:
                            result[channel] = largest(image + channel, pixels, width).value
                        }
                    }
                }
            }
        )
    }

    private func largest(
        _ start: UnsafePointer<Float>,
        _ pixels: Int,
        _ width: Int
    ) -> (value: Float, count: Int) {
        var value = -Float.infinity
        var count = 0
        for pixel in 0..<pixels {
            let candidate = start[pixel * width]
            if candidate > value {
                (value, count) = (candidate, 1)
            } else if candidate == value {
                count += 1
            }
        }
        return (value, count)
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard call.needsInputGradient else { return LayerGradients(inputs: []) }
        let input = call.inputs[0].shape
        let (pixels, width) = (input[1] * input[2], input.channels)
        let result = call.inputs[0].withUnsafePointer { images in
            gradient.withUnsafePointer { gradients in
                imagewise(input) { index, result in
                    let image = images + index * pixels * width
                    for channel in 0..<width {
                        let value = gradients[index * width + channel]
                        switch layer.operation {
                        case .average:
                            for pixel in 0..<pixels {
                                result[pixel * width + channel] = value / Float(pixels)
                            }
                        case .maximum:
                            let best = largest(image + channel, pixels, width)
                            for pixel in 0..<pixels {
                                let at = pixel * width + channel
                                result[at] =
                                    image[at] == best.value ? value / Float(best.count) : 0
                            }
                        }
                    }
                }
            }
        }
        return LayerGradients(inputs: [result])
    }
}
