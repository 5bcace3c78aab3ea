import Graph
import Tensors

/// An image enlarged by whole factors: each output pixel is a weighted sum of up to four input pixels.
struct Upsampling2DKernel: LayerKernel {
    let layer: Upsampling2D

    /// The two input positions an output position lies between, and the share of the second.
    private struct Place {
        var first: Int
        var second: Int
        var share: Float
    }

    /// TensorFlow's half-pixel centres, clamped to the image.
    private func places(_ length: Int, factor: Int) -> [Place] {
        (0..<length * factor).map { position in
            switch layer.interpolation {
            case .nearest:
                return Place(first: position / factor, second: position / factor, share: 0)
            case .bilinear:
                let centre = (Float(position) + 0.5) / Float(factor) - 0.5
                let below = centre.rounded(.down)
                return Place(
                    first: max(Int(below), 0),
                    second: min(Int(below) + 1, length - 1),
                    share: centre - below
                )
            }
        }
    }

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let input = inputs[0].shape
        let output = batchedOutputShape(of: layer, for: inputs)
        let (rows, columns) = places(of: input)
        let width = input.channels
        return LayerOutput(
            value: inputs[0].withUnsafePointer { images in
                imagewise(output) { index, result in
                    let image = images + index * input.withoutBatch.count
                    var target = result
                    for row in rows {
                        let top = image + row.first * input[2] * width
                        let bottom = image + row.second * input[2] * width
                        for column in columns {
                            let (left, right) = (column.first * width, column.second * width)
                            for channel in 0..<width {
                                let upper = mixed(top, left, right, channel, column.share)
                                let lower = mixed(bottom, left, right, channel, column.share)
                                target[channel] = upper + (lower - upper) * row.share
                            }
                            target += width
                        }
                    }
                }
            }
        )
    }

    private func places(of input: Shape) -> (rows: [Place], columns: [Place]) {
        (
            places(input[1], factor: layer.factor.height),
            places(input[2], factor: layer.factor.width)
        )
    }

    private func mixed(
        _ line: UnsafePointer<Float>,
        _ left: Int,
        _ right: Int,
        _ channel: Int,
        _ share: Float
    ) -> Float {
        let first = line[left + channel]
        return first + (line[right + channel] - first) * share
    }

    /// Gives back to each input pixel what each output pixel took of it.
    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard call.needsInputGradient else { return LayerGradients(inputs: []) }
        let input = call.inputs[0].shape
        let (rows, columns) = places(of: input)
        let width = input.channels
        let size = input.withoutBatch.count
        let result = gradient.withUnsafePointer { gradients in
            imagewise(input) { index, result in
                result.initialize(repeating: 0, count: size)
                var source = gradients + index * gradient.shape.withoutBatch.count
                for row in rows {
                    for column in columns {
                        for (line, lineShare) in [
                            (row.first, 1 - row.share), (row.second, row.share),
                        ]
                        where lineShare > 0 {
                            let start = result + line * input[2] * width
                            for channel in 0..<width {
                                let own = source[channel] * lineShare
                                start[column.first * width + channel] += own * (1 - column.share)
                                start[column.second * width + channel] += own * column.share
                            }
                        }
                        source += width
                    }
                }
            }
        }
        return LayerGradients(inputs: [result])
    }
}
