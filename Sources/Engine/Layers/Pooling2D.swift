import Graph
import Tensors

/// Pooling over windows; the first of equal maxima takes the gradient, and averages count only pixels of the image.
struct Pooling2DKernel: LayerKernel {
    let layer: Pooling2D

    /// The input rows and columns of one output pixel's window that lie inside the image.
    private struct Footprint {
        var rows: StrideTo<Int>
        var columns: StrideTo<Int>
        var count: Int
    }

    private func footprint(
        row: Int,
        column: Int,
        input: Shape,
        border: Border
    ) -> Footprint {
        let window = layer.window
        let top = row * window.strides.height - border.top
        let left = column * window.strides.width - border.left
        let rows = max(top, 0)..<min(top + window.size.height, input[1])
        let columns = max(left, 0)..<min(left + window.size.width, input[2])
        return Footprint(
            rows: stride(from: rows.lowerBound, to: rows.upperBound, by: 1),
            columns: stride(from: columns.lowerBound, to: columns.upperBound, by: 1),
            count: rows.count * columns.count
        )
    }

    private func outputShape(_ input: Shape) -> Shape {
        let size = layer.window.outputSize(Size2D(input[1], input[2]))
        return [input[0], size.height, size.width, input.channels]
    }

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let input = inputs[0].shape
        let output = outputShape(input)
        let border = layer.window.border(Size2D(input[1], input[2]))
        let width = input.channels
        return LayerOutput(
            value: inputs[0].withUnsafePointer { images in
                imagewise(output) { index, result in
                    let image = images + index * input.withoutBatch.count
                    for row in 0..<output[1] {
                        for column in 0..<output[2] {
                            pool(
                                image,
                                input: input,
                                footprint(row: row, column: column, input: input, border: border),
                                into: result + (row * output[2] + column) * width
                            )
                        }
                    }
                }
            }
        )
    }

    private func pool(
        _ image: UnsafePointer<Float>,
        input: Shape,
        _ footprint: Footprint,
        into target: UnsafeMutablePointer<Float>
    ) {
        let width = input.channels
        let isMaximum = layer.operation == .maximum
        target.initialize(repeating: isMaximum ? -.infinity : 0, count: width)
        for y in footprint.rows {
            for x in footprint.columns {
                let source = image + (y * input[2] + x) * width
                if isMaximum {
                    for channel in 0..<width {
                        target[channel] = max(target[channel], source[channel])
                    }
                } else {
                    for channel in 0..<width { target[channel] += source[channel] }
                }
            }
        }
        if !isMaximum {
            let count = Float(footprint.count)
            for channel in 0..<width { target[channel] /= count }
        }
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard call.needsInputGradient else { return LayerGradients(inputs: []) }
        let input = call.inputs[0].shape
        let output = gradient.shape
        let border = layer.window.border(Size2D(input[1], input[2]))
        let (imageSize, outputSize) = (input.withoutBatch.count, output.withoutBatch.count)
        let result = call.inputs[0].withUnsafePointer { images in
            gradient.withUnsafePointer { gradients in
                imagewise(input) { index, result in
                    result.initialize(repeating: 0, count: imageSize)
                    for row in 0..<output[1] {
                        for column in 0..<output[2] {
                            let at = (row * output[2] + column) * input.channels
                            spread(
                                gradients + index * outputSize + at,
                                image: images + index * imageSize,
                                input: input,
                                footprint(row: row, column: column, input: input, border: border),
                                into: result
                            )
                        }
                    }
                }
            }
        }
        return LayerGradients(inputs: [result])
    }

    private func spread(
        _ gradient: UnsafePointer<Float>,
        image: UnsafePointer<Float>,
        input: Shape,
        _ footprint: Footprint,
        into result: UnsafeMutablePointer<Float>
    ) {
        let width = input.channels
        switch layer.operation {
        case .average:
            let count = Float(footprint.count)
            for y in footprint.rows {
                for x in footprint.columns {
                    let target = result + (y * input[2] + x) * width
                    for channel in 0..<width { target[channel] += gradient[channel] / count }
                }
            }
        case .maximum:
            for channel in 0..<width {
                var best = -Float.infinity
                var winner = -1
                for y in footprint.rows {
                    for x in footprint.columns {
                        let at = (y * input[2] + x) * width + channel
                        if image[at] > best || winner < 0 {
                            best = image[at]
                            winner = at
                        }
                    }
                }
                result[winner] += gradient[channel]
            }
        }
    }
}
