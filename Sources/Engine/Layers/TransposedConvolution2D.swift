import Graph
import Tensors

/// Transposed convolution: input times kernel gives each input pixel's patch of the output, and patches are added up.
///
/// Letters: P input pixels, D = Kh * Kw * filters patch length.
struct TransposedConvolution2DKernel: LayerKernel {
    let layer: TransposedConvolution2D

    /// One pixel's patch against the output image: for each tap that lies inside, where it is in the patch and in the image.
    private struct Taps {
        var patch: [Int] = []
        var image: [Int] = []
    }

    /// The geometry of one call.
    private struct Lengths {
        let input: Shape
        let output: Shape
        let depth: Int
        /// For each input pixel its taps.
        let taps: [Taps]
        var pixels: Int { input[1] * input[2] }
        var channels: Int { input.channels }
        var outputSize: Int { output.withoutBatch.count }
    }

    private func lengths(of input: Tensor) -> Lengths {
        let window = layer.window
        let output = batchedOutputShape(of: layer, for: [input])
        let border = window.border(Size2D(output[1], output[2]))
        var taps: [Taps] = []
        for row in 0..<input.shape[1] {
            for column in 0..<input.shape[2] {
                var own = Taps()
                for tap in 0..<window.size.height * window.size.width {
                    let y =
                        row * window.strides.height - border.top
                        + tap / window.size.width * window.dilation.height
                    let x =
                        column * window.strides.width - border.left
                        + tap % window.size.width * window.dilation.width
                    guard (0..<output[1]).contains(y), (0..<output[2]).contains(x) else {
                        continue
                    }
                    own.patch.append(tap * layer.filters)
                    own.image.append((y * output[2] + x) * layer.filters)
                }
                taps.append(own)
            }
        }
        return Lengths(
            input: input.shape,
            output: output,
            depth: window.size.height * window.size.width * layer.filters,
            taps: taps
        )
    }

    /// Room for one image's patches [P, D], zeros at first.
    private func withPatches(
        _ lengths: Lengths,
        _ body: (UnsafeMutablePointer<Float>) -> Void
    ) {
        let count = lengths.pixels * lengths.depth
        let patches = UnsafeMutablePointer<Float>.allocate(capacity: count)
        defer { patches.deallocate() }
        patches.initialize(repeating: 0, count: count)
        body(patches)
    }

    /// The patches of an image of the output's shape, zero outside it.
    private func withPatches(
        of image: UnsafePointer<Float>,
        _ lengths: Lengths,
        _ body: (UnsafePointer<Float>) -> Void
    ) {
        withPatches(lengths) { patches in
            for (pixel, taps) in lengths.taps.enumerated() {
                let start = patches + pixel * lengths.depth
                for (patch, place) in zip(taps.patch, taps.image) {
                    (start + patch).update(from: image + place, count: layer.filters)
                }
            }
            body(patches)
        }
    }

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let lengths = lengths(of: inputs[0])
        let bias = layer.usesBias ? weights[1].values : []
        return LayerOutput(
            value: inputs[0].withUnsafePointer { images in
                weights[0].withUnsafePointer { kernel in
                    imagewise(lengths.output) { index, result in
                        withPatches(lengths) { patches in
                            MatrixProduct.multiply(
                                rows: lengths.pixels,
                                columns: lengths.depth,
                                inner: lengths.channels,
                                left: MatrixView(
                                    images + index * lengths.pixels * lengths.channels,
                                    rowStride: lengths.channels
                                ),
                                right: MatrixView(
                                    kernel,
                                    rowStride: lengths.channels,
                                    transposed: true
                                ),
                                into: patches,
                                rowStride: lengths.depth
                            )
                            addPatches(patches, lengths, to: result)
                        }
                        addBias(bias, to: result, rows: lengths.output[1] * lengths.output[2])
                    }
                }
            }
        )
    }

    private func addPatches(
        _ patches: UnsafePointer<Float>,
        _ lengths: Lengths,
        to result: UnsafeMutablePointer<Float>
    ) {
        result.initialize(repeating: 0, count: lengths.outputSize)
        for (pixel, taps) in lengths.taps.enumerated() {
            let start = pixel * lengths.depth
            for (patch, place) in zip(taps.patch, taps.image) {
                for filter in 0..<layer.filters {
                    result[place + filter] += patches[start + patch + filter]
                }
            }
        }
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        let lengths = lengths(of: call.inputs[0])
        let kernel = kernelGradient(gradient, call: call, lengths)
        return LayerGradients(
            inputs: call.needsInputGradient ? [inputGradient(gradient, call: call, lengths)] : [],
            weights: [kernel] + (layer.usesBias ? [biasGradient(gradient)] : [])
        )
    }

    /// Patches of the gradient [P, D], transposed, times the input [P, Cin].
    private func kernelGradient(
        _ gradient: Tensor,
        call: RecordedCall,
        _ lengths: Lengths
    ) -> Tensor {
        call.inputs[0].withUnsafePointer { images in
            gradient.withUnsafePointer { gradients in
                batchSum(call.weights[0].shape, batch: lengths.input[0]) { part, sum in
                    for index in part {
                        let image = gradients + index * lengths.outputSize
                        withPatches(of: image, lengths) { patches in
                            MatrixProduct.multiply(
                                rows: lengths.depth,
                                columns: lengths.channels,
                                inner: lengths.pixels,
                                left: MatrixView(
                                    patches,
                                    rowStride: lengths.depth,
                                    transposed: true
                                ),
                                right: MatrixView(
                                    images + index * lengths.pixels * lengths.channels,
                                    rowStride: lengths.channels
                                ),
                                into: sum,
                                rowStride: lengths.channels,
                                adding: true
                            )
                        }
                    }
                }
            }
        }
    }

    /// Patches of the gradient [P, D] times the kernel [D, Cin].
    private func inputGradient(
        _ gradient: Tensor,
        call: RecordedCall,
        _ lengths: Lengths
    ) -> Tensor {
        gradient.withUnsafePointer { gradients in
            call.weights[0].withUnsafePointer { kernel in
                imagewise(lengths.input) { index, result in
                    withPatches(of: gradients + index * lengths.outputSize, lengths) { patches in
                        MatrixProduct.multiply(
                            rows: lengths.pixels,
                            columns: lengths.channels,
                            inner: lengths.depth,
                            left: MatrixView(patches, rowStride: lengths.depth),
                            right: MatrixView(kernel, rowStride: lengths.channels),
                            into: result,
                            rowStride: lengths.channels
                        )
                    }
                }
            }
        }
    }
}
