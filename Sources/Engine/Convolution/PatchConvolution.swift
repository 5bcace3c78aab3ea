import CKernels
import Graph
import Tensors

/// A convolution as patch rows times filters, a block of output rows at a time; a 1x1 window of stride 1 needs no patches.
///
/// Letters: D = Kh * Kw * Cin/groups patch length, n = filters/groups.
struct PatchConvolution {
    /// Patch rows are cut so that a block stays in the second-level cache.
    private static let patchElements = 1 << 16
    /// Pixels of one piece where the images themselves are the patch matrix, best first.
    private static let pixelLengths = [112, 98, 84]

    private let kernels: VectorKernels
    private let lengths: ConvolutionLengths
    private let groups: Int
    private let filters: Int
    private let isPointwise: Bool

    init(_ layer: Convolution2D, lengths: ConvolutionLengths, kernels: VectorKernels) {
        self.kernels = kernels
        self.lengths = lengths
        groups = layer.groups
        filters = layer.filters
        isPointwise =
            layer.window.size == .one && layer.window.strides == .one && layer.groups == 1
    }

    /// Rows of patches that belong together: of one image, or any pixels of the batch where there are no patches.
    private struct Block {
        let image: Int
        let rows: Range<Int>
    }

    private func blocks(of images: Range<Int>) -> [Block] {
        if isPointwise {
            let (pixels, first) = (lengths.pixels, images.lowerBound)
            let length = balancedLength(of: images.count * pixels, among: Self.pixelLengths)
            return chunks(of: length, covering: images.count * pixels).map {
                Block(
                    image: 0,
                    rows: $0.lowerBound + first * pixels..<$0.upperBound + first * pixels
                )
            }
        }
        let width = lengths.output[2]
        let height = max(1, Self.patchElements / max(lengths.depth * width, 1))
        let rows = chunks(of: height, covering: lengths.output[1])
        return images.flatMap { image in rows.map { Block(image: image, rows: $0) } }
    }

    /// Floats of the patches of the largest block.
    private var patchSize: Int {
        if isPointwise { return 0 }
        let width = lengths.output[2]
        let height = max(1, Self.patchElements / max(lengths.depth * width, 1))
        return min(height, lengths.output[1]) * width * lengths.depth
    }

    /// Pixels of a block: where they start among those of the batch, and how many.
    private func pixels(_ block: Block) -> (first: Int, count: Int) {
        if isPointwise { return (block.rows.lowerBound, block.rows.count) }
        let width = lengths.output[2]
        return (
            block.image * lengths.pixels + block.rows.lowerBound * width,
            block.rows.count * width
        )
    }

    /// The patch matrix of a block and group, [pixels, D]: unfolded, or the input itself.
    private func patches(
        _ block: Block,
        group: Int,
        of input: UnsafePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) -> UnsafePointer<Float> {
        if isPointwise { return input + block.rows.lowerBound * lengths.depth }
        withUnsafePointer(to: lengths.window) { window in
            espalier_patches(
                input + block.image * lengths.imageSize + group * lengths.inWidth,
                window,
                Int32(block.rows.lowerBound),
                Int32(block.rows.upperBound),
                scratch
            )
        }
        return UnsafePointer(scratch)
    }

    func forward(
        _ input: UnsafePointer<Float>,
        filters kernel: UnsafePointer<Float>,
        finish: Finish,
        into output: UnsafeMutablePointer<Float>
    ) {
        let (depth, outWidth) = (lengths.depth, lengths.outWidth)
        let size = PackedMatrix.size(inner: depth, columns: outWidth, kernels: kernels)
        withBuffer(size * groups) { packed in
            for group in 0..<groups {
                PackedMatrix.pack(
                    kernel + group * outWidth,
                    innerStep: filters,
                    columnStep: 1,
                    inner: depth,
                    columns: outWidth,
                    kernels: kernels,
                    into: packed + group * size
                )
            }
            let blocks = blocks(of: 0..<lengths.input[0])
            finish.withKernelForm { finish in
                ThreadPool.shared.forEach(blocks.count, scratch: patchSize) { index, scratch in
                    let (first, count) = pixels(blocks[index])
                    for group in 0..<groups {
                        let left = patches(
                            blocks[index],
                            group: group,
                            of: input,
                            scratch: scratch
                        )
                        let place = first * filters + group * outWidth
                        var moved = finish?.pointee.moved(column: group * outWidth, place: place)
                        withOptionalPointer(to: &moved) { finish in
                            var product = espalier_product(
                                rows: count,
                                columns: outWidth,
                                inner: depth,
                                left: left,
                                leftStride: depth,
                                packed: packed + group * size,
                                result: output + place,
                                resultStride: filters,
                                kernels: kernels,
                                finish: finish
                            )
                            kernels.table.pointee.multiply(&product)
                        }
                    }
                }
            }
        }
    }

    /// Parts of the batch whose filter gradients are summed apart: fewer where the filters are large.
    private var parts: [Range<Int>] {
        let size = lengths.depth * filters
        let wanted = size <= 1 << 16 ? 16 : size <= 1 << 20 ? 8 : 4
        return chunks(of: (lengths.input[0] + wanted - 1) / wanted, covering: lengths.input[0])
    }

    /// The gradient of the filters, [Kh, Kw, Cin/groups, filters].
    func filterGradient(
        _ gradient: UnsafePointer<Float>,
        input: UnsafePointer<Float>,
        shape: Shape
    ) -> Tensor {
        let (depth, outWidth) = (lengths.depth, lengths.outWidth)
        return partialSums(shape, parts: parts, scratch: patchSize) { part, scratch, sum in
            for (index, block) in blocks(of: part).enumerated() {
                let (first, count) = pixels(block)
                for group in 0..<groups {
                    let left = patches(block, group: group, of: input, scratch: scratch)
                    var product = espalier_product(
                        rows: depth,
                        columns: outWidth,
                        inner: count,
                        left: left,
                        leftStride: depth,
                        right: gradient + first * filters + group * outWidth,
                        rightStride: filters,
                        sum: sum + group * outWidth,
                        resultStride: filters,
                        adds: index > 0,
                        kernels: kernels
                    )
                    kernels.table.pointee.multiply_outer(&product)
                }
            }
        }
    }

    /// Writes or adds the gradient of the input, image by image because patches overlap.
    func inputGradient(
        _ gradient: UnsafePointer<Float>,
        filters kernel: UnsafePointer<Float>,
        into result: UnsafeMutablePointer<Float>,
        adds: Bool
    ) {
        let (depth, outWidth) = (lengths.depth, lengths.outWidth)
        let size = PackedMatrix.size(inner: outWidth, columns: depth, kernels: kernels)
        withBuffer(size * groups) { packed in
            for group in 0..<groups {
                PackedMatrix.pack(
                    kernel + group * outWidth,
                    innerStep: 1,
                    columnStep: filters,
                    inner: outWidth,
                    columns: depth,
                    kernels: kernels,
                    into: packed + group * size
                )
            }
            if isPointwise {
                let blocks = blocks(of: 0..<lengths.input[0])
                ThreadPool.shared.forEach(blocks.count) { index in
                    let rows = blocks[index].rows
                    multiply(
                        gradient + rows.lowerBound * filters,
                        rows: rows.count,
                        packed: packed,
                        into: result + rows.lowerBound * depth,
                        adds: adds
                    )
                }
                return
            }
            ThreadPool.shared.forEach(lengths.input[0], scratch: patchSize) { image, scratch in
                let start = result + image * lengths.imageSize
                if !adds { start.initialize(repeating: 0, count: lengths.imageSize) }
                for block in blocks(of: image..<image + 1) {
                    let (first, count) = pixels(block)
                    for group in 0..<groups {
                        multiply(
                            gradient + first * filters + group * outWidth,
                            rows: count,
                            packed: packed + group * size,
                            into: scratch,
                            adds: false
                        )
                        withUnsafePointer(to: lengths.window) { window in
                            espalier_patches_add(
                                scratch,
                                window,
                                Int32(block.rows.lowerBound),
                                Int32(block.rows.upperBound),
                                start + group * lengths.inWidth
                            )
                        }
                    }
                }
            }
        }
    }

    /// Rows of the output's gradient times transposed filters: the gradient of patch rows.
    private func multiply(
        _ left: UnsafePointer<Float>,
        rows: Int,
        packed: UnsafePointer<Float>,
        into result: UnsafeMutablePointer<Float>,
        adds: Bool
    ) {
        var product = espalier_product(
            rows: rows,
            columns: lengths.depth,
            inner: lengths.outWidth,
            left: left,
            leftStride: filters,
            packed: packed,
            result: result,
            resultStride: lengths.depth,
            adds: adds,
            kernels: kernels
        )
        kernels.table.pointee.multiply(&product)
    }
}

/// Lends the address of a value that may be missing.
func withOptionalPointer<Value>(
    to value: inout Value?,
    _ body: (UnsafePointer<Value>?) -> Void
) {
    guard var own = value else { return body(nil) }
    withUnsafePointer(to: &own) { body($0) }
}
