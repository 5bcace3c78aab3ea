import Graph
import Tensors

/// Normalization of each sample over all pixels of one group of channels; sums in Float64.
struct GroupNormalizationKernel: LayerKernel {
    let layer: GroupNormalization

    /// The lengths every loop needs.
    private struct Lengths {
        let pixels: Int
        let width: Int
        let groupWidth: Int
        var groupCount: Double { Double(pixels * groupWidth) }

        init(_ shape: Shape, groups: Int) {
            width = shape.channels
            pixels = shape.withoutBatch.count / max(width, 1)
            groupWidth = width / groups
        }
    }

    private func scale(_ weights: [Tensor], width: Int) -> [Float] {
        layer.scales ? weights[0].values : [Float](repeating: 1, count: width)
    }

    private func offset(_ weights: [Tensor], width: Int) -> [Float] {
        layer.centers
            ? weights[layer.scales ? 1 : 0].values : [Float](repeating: 0, count: width)
    }

    /// The mean and one over the deviation of one group of one image.
    private func moments(
        _ image: UnsafePointer<Float>,
        group: Int,
        _ lengths: Lengths
    ) -> (mean: Double, inverse: Double) {
        let channels = group * lengths.groupWidth..<(group + 1) * lengths.groupWidth
        var (sum, squares) = (0.0, 0.0)
        for pixel in 0..<lengths.pixels {
            for channel in channels { sum += Double(image[pixel * lengths.width + channel]) }
        }
        let mean = sum / lengths.groupCount
        for pixel in 0..<lengths.pixels {
            for channel in channels {
                let distance = Double(image[pixel * lengths.width + channel]) - mean
                squares += distance * distance
            }
        }
        let variance = squares / lengths.groupCount
        return (mean, 1 / (variance + Double(layer.epsilon)).squareRoot())
    }

    private func normalized(_ input: Tensor, gamma: [Float], beta: [Float]) -> Tensor {
        let lengths = Lengths(input.shape, groups: layer.groups)
        let size = input.shape.withoutBatch.count
        return input.withUnsafePointer { images in
            imagewise(input.shape) { index, result in
                let image = images + index * size
                for group in 0..<layer.groups {
                    let (mean, inverse) = moments(image, group: group, lengths)
                    for pixel in 0..<lengths.pixels {
                        for channel in group * lengths.groupWidth..<(group + 1) * lengths.groupWidth
                        {
                            let at = pixel * lengths.width + channel
                            let value = Float((Double(image[at]) - mean) * inverse)
                            result[at] = value * gamma[channel] + beta[channel]
                        }
                    }
                }
            }
        }
    }

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let width = inputs[0].shape.channels
        let gamma = scale(weights, width: width)
        let beta = offset(weights, width: width)
        return LayerOutput(value: normalized(inputs[0], gamma: gamma, beta: beta))
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        let width = gradient.shape.channels
        var weights: [Tensor?] = []
        if layer.scales {
            let ones = [Float](repeating: 1, count: width)
            let zeros = [Float](repeating: 0, count: width)
            let plain = normalized(call.inputs[0], gamma: ones, beta: zeros)
            let sums = columnSums(zipped(gradient, plain, *))
            weights.append(Tensor([width], values: sums.map(Float.init)))
        }
        if layer.centers { weights.append(biasGradient(gradient)) }
        let gamma = scale(call.weights, width: width)
        let inputs =
            call.needsInputGradient
            ? [inputGradient(gradient, input: call.inputs[0], gamma: gamma)] : []
        return LayerGradients(inputs: inputs, weights: weights)
    }

    /// As of layer normalization, over the pixels and channels of a group.
    private func inputGradient(_ gradient: Tensor, input: Tensor, gamma: [Float]) -> Tensor {
        let lengths = Lengths(input.shape, groups: layer.groups)
        let size = input.shape.withoutBatch.count
        return gradient.withUnsafePointer { gradients in
            input.withUnsafePointer { images in
                imagewise(input.shape) { index, result in
                    let (dy, x) = (gradients + index * size, images + index * size)
                    for group in 0..<layer.groups {
                        let (mean, inverse) = moments(x, group: group, lengths)
                        let channels =
                            group * lengths.groupWidth..<(group + 1) * lengths.groupWidth
                        var (sum, product) = (0.0, 0.0)
                        for pixel in 0..<lengths.pixels {
                            for channel in channels {
                                let at = pixel * lengths.width + channel
                                let own = Double(dy[at]) * Double(gamma[channel])
                                sum += own
                                product += own * (Double(x[at]) - mean) * inverse
                            }
                        }
                        for pixel in 0..<lengths.pixels {
                            for channel in channels {
                                let at = pixel * lengths.width + channel
                                let own = Double(dy[at]) * Double(gamma[channel])
                                let place = (Double(x[at]) - mean) * inverse
                                result[at] = Float(
                                    (own - (sum + place * product) / lengths.groupCount) * inverse
                                )
                            }
                        }
                    }
                }
            }
        }
    }
}
