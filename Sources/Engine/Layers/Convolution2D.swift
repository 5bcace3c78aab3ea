import CKernels
import Graph
import Tensors

/// The window of the C kernels over one image.
func kernelWindow(
    _ window: SlidingWindow,
    input: Shape,
    output: Shape,
    width: Int
) -> espalier_window {
    let border = window.border(Size2D(input[1], input[2]))
    return espalier_window(
        input_height: Int32(input[1]),
        input_width: Int32(input[2]),
        channels: Int32(input[3]),
        width: Int32(width),
        window_height: Int32(window.size.height),
        window_width: Int32(window.size.width),
        stride_height: Int32(window.strides.height),
        stride_width: Int32(window.strides.width),
        dilation_height: Int32(window.dilation.height),
        dilation_width: Int32(window.dilation.width),
        top: Int32(border.top),
        left: Int32(border.left),
        output_height: Int32(output[1]),
        output_width: Int32(output[2])
    )
}

/// Convolution as patches times kernel, a block of output rows at a time.
///
/// Letters: D = Kh * Kw * Cin/groups patch length, n = filters/groups.
struct Convolution2DKernel: LayerKernel {
    let layer: Convolution2D

    /// Patch rows are cut so that a block stays in the second-level cache.
    private static let patchElements = 1 << 17

    /// The blocks of output rows whose patches are unfolded together.
    private func rowBlocks(_ output: Shape, depth: Int) -> [Range<Int>] {
        chunks(of: max(1, Self.patchElements / max(depth * output[2], 1)), covering: output[1])
    }

    /// The lengths that forward and both gradients share.
    private struct Lengths {
        let input: Shape
        let output: Shape
        /// D, the length of a patch.
        let depth: Int
        /// Input channels of one group.
        let inWidth: Int
        /// Output channels of one group.
        let outWidth: Int
        let window: espalier_window
        /// Elements of one input image.
        var imageSize: Int { input.withoutBatch.count }
        /// Elements of one output image.
        var outputSize: Int { output.withoutBatch.count }
    }

    private func lengths(of input: Shape) -> Lengths {
        let size = layer.window.outputSize(Size2D(input[1], input[2]))
        let output = Shape([input[0], size.height, size.width, layer.filters])
        let inWidth = input.channels / layer.groups
        return Lengths(
            input: input,
            output: output,
            depth: layer.window.size.height * layer.window.size.width * inWidth,
            inWidth: inWidth,
            outWidth: layer.filters / layer.groups,
            window: kernelWindow(layer.window, input: input, output: output, width: inWidth)
        )
    }

    /// Whether the image itself is the patch matrix.
    private var isPointwise: Bool {
        layer.window.size == .one && layer.window.strides == .one && layer.groups == 1
    }

    /// Gives each block of patch rows of one image and group: their first pixel, their number, their matrix.
    private func forEachPatchBlock(
        _ image: UnsafePointer<Float>,
        _ lengths: Lengths,
        _ body: (Int, Int, UnsafePointer<Float>) -> Void
    ) {
        let output = lengths.output
        if isPointwise { return body(0, output[1] * output[2], image) }
        let blocks = rowBlocks(output, depth: lengths.depth)
        let patches = UnsafeMutablePointer<Float>.allocate(
            capacity: max(blocks.first?.count ?? 0, 1) * output[2] * lengths.depth
        )
        defer { patches.deallocate() }
        var window = lengths.window
        for block in blocks {
            espalier_patches(
                image,
                &window,
                Int32(block.lowerBound),
                Int32(block.upperBound),
                patches
            )
            body(block.lowerBound * output[2], block.count * output[2], patches)
        }
    }

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let lengths = lengths(of: inputs[0].shape)
        let (depth, inWidth, outWidth) = (lengths.depth, lengths.inWidth, lengths.outWidth)
        let bias = layer.usesBias ? weights[1].values : []
        return LayerOutput(
            value: inputs[0].withUnsafePointer { images in
                weights[0].withUnsafePointer { kernel in
                    imagewise(lengths.output) { index, result in
                        for group in 0..<layer.groups {
                            forEachPatchBlock(
                                images + index * lengths.imageSize + group * inWidth,
                                lengths
                            ) { first, rows, patches in
                                MatrixProduct.multiply(
                                    rows: rows,
                                    columns: outWidth,
                                    inner: depth,
                                    left: MatrixView(patches, rowStride: depth),
                                    right: MatrixView(
                                        kernel + group * outWidth,
                                        rowStride: layer.filters
                                    ),
                                    into: result + first * layer.filters + group * outWidth,
                                    rowStride: layer.filters
                                )
                            }
                        }
                        addBias(bias, to: result, rows: lengths.output[1] * lengths.output[2])
                    }
                }
            }
        )
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        let kernelGradient = kernelGradient(gradient, call: call)
        let inputs = call.needsInputGradient ? [inputGradient(gradient, call: call)] : []
        let bias = layer.usesBias ? [biasGradient(gradient)] : []
        return LayerGradients(inputs: inputs, weights: [kernelGradient] + bias)
    }

    private func kernelGradient(_ gradient: Tensor, call: RecordedCall) -> Tensor {
        let lengths = lengths(of: call.inputs[0].shape)
        let (depth, inWidth, outWidth) = (lengths.depth, lengths.inWidth, lengths.outWidth)
        return call.inputs[0].withUnsafePointer { images in
            gradient.withUnsafePointer { gradients in
                batchSum(call.weights[0].shape, batch: lengths.input[0]) { part, sum in
                    for index in part {
                        for group in 0..<layer.groups {
                            forEachPatchBlock(
                                images + index * lengths.imageSize + group * inWidth,
                                lengths
                            ) { first, rows, patches in
                                let rowsOfGradient =
                                    gradients + index * lengths.outputSize + first * layer.filters
                                    + group * outWidth
                                MatrixProduct.multiply(
                                    rows: depth,
                                    columns: outWidth,
                                    inner: rows,
                                    left: MatrixView(patches, rowStride: depth, transposed: true),
                                    right: MatrixView(rowsOfGradient, rowStride: layer.filters),
                                    into: sum + group * outWidth,
                                    rowStride: layer.filters,
                                    adding: true
                                )
                            }
                        }
                    }
                }
            }
        }
    }

    private func inputGradient(_ gradient: Tensor, call: RecordedCall) -> Tensor {
        let lengths = lengths(of: call.inputs[0].shape)
        let (depth, inWidth, outWidth) = (lengths.depth, lengths.inWidth, lengths.outWidth)
        let output = lengths.output
        let blocks =
            isPointwise ? [0..<output[1]] : rowBlocks(output, depth: depth)
        return gradient.withUnsafePointer { gradients in
            call.weights[0].withUnsafePointer { kernel in
                imagewise(lengths.input) { index, result in
                    let patches = UnsafeMutablePointer<Float>.allocate(
                        capacity: isPointwise ? 1 : blocks[0].count * output[2] * depth
                    )
                    defer { patches.deallocate() }
                    if !isPointwise { result.initialize(repeating: 0, count: lengths.imageSize) }
                    var window = lengths.window
                    for group in 0..<layer.groups {
                        for block in blocks {
                            let start =
                                gradients + index * lengths.outputSize
                                + block.lowerBound * output[2] * layer.filters + group * outWidth
                            MatrixProduct.multiply(
                                rows: block.count * output[2],
                                columns: depth,
                                inner: outWidth,
                                left: MatrixView(start, rowStride: layer.filters),
                                right: MatrixView(
                                    kernel + group * outWidth,
                                    rowStride: layer.filters,
                                    transposed: true
                                ),
                                into: isPointwise ? result : patches,
                                rowStride: depth
                            )
                            guard !isPointwise else { continue }
                            espalier_patches_add(
                                patches,
                                &window,
                                Int32(block.lowerBound),
                                Int32(block.upperBound),
                                result + group * inWidth
                            )
                        }
                    }
                }
            }
        }
    }
}

/// Adds a bias [C] to rows [rows, C]; an empty bias adds nothing.
func addBias(_ bias: [Float], to result: UnsafeMutablePointer<Float>, rows: Int) {
    let width = bias.count
    guard width > 0 else { return }
    bias.withUnsafeBufferPointer { bias in
        for row in 0..<rows {
            let start = result + row * width
            for column in 0..<width { start[column] += bias[column] }
        }
    }
}

/// The gradient of a bias: the sum over all rows.
func biasGradient(_ gradient: Tensor) -> Tensor {
    let sums = columnSums(gradient)
    return Tensor([sums.count], values: sums.map(Float.init))
}
