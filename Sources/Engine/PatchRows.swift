import CKernels
import Graph
import Tensors

/// The rows a convolution or dense layer multiplies its kernel with: patches [D] of its input, some or all of them.
///
/// Letters: D = Kh * Kw * Cin in Keras' order (channel fastest), n outputs.
public struct PatchRows: Sendable {
    /// The rows, `[count, depth]` row-major, in Float64 for the statistics.
    public let values: [Double]
    /// The number of rows.
    public let count: Int
    /// The length of a row, D.
    public let depth: Int
    /// The position of each row among all output pixels of the batch, for pairing with outputs.
    public let positions: [Int]

    /// Unfolds every `step`-th output pixel of a layer's input.
    ///
    /// - Parameters:
    ///   - kind: An ungrouped convolution or a dense layer; others have no patches.
    ///   - input: The layer's input, [N, ...].
    ///   - step: 1 for all pixels; see ``step(toTake:of:)``.
    public init?(of kind: LayerKind, input: Tensor, step: Int) {
        switch kind {
        case .convolution2D(let layer) where layer.groups == 1:
            self.init(layer, input: input, step: step)
        case .dense:
            self.init(rowsOf: input, step: step)
        case .input, .convolution2D, .depthwiseConvolution2D, .batchNormalization, .activation,
            .pooling2D, .globalPooling2D, .flatten, .reshape, .dropout, .zeroPadding2D, .merge,
            .concatenate, .rescaling, .normalization, .layerNormalization, .groupNormalization,
            .channelScale, .parametricReLU, .channelFunction, .transposedConvolution2D,
            .upsampling2D, .cropping2D, .permute, .heightAxis:
            return nil
        }
    }

    /// A step that takes about `wanted` of `available` pixels and falls on every row and column in turn.
    ///
    /// A step that shared a factor with the image's width would visit the same few columns of every image.
    public static func step(toTake wanted: Int, of available: Int) -> Int {
        func divisor(_ left: Int, _ right: Int) -> Int {
            right == 0 ? left : divisor(right, left % right)
        }
        var step = max(1, available / max(wanted, 1))
        while divisor(step, available) != 1 { step += 1 }
        return step
    }

    private init(rowsOf input: Tensor, step: Int) {
        let depth = input.shape.channels
        let positions = Array(stride(from: 0, to: input.count / depth, by: step))
        self.depth = depth
        self.positions = positions
        count = positions.count
        values = positions.flatMap { row in
            input.values[row * depth..<(row + 1) * depth].lazy.map(Double.init)
        }
    }

    private init(_ layer: Convolution2D, input: Tensor, step: Int) {
        let shape = input.shape
        let size = layer.window.outputSize(Size2D(shape[1], shape[2]))
        let output = Shape([shape[0], size.height, size.width, layer.filters])
        let depth = layer.window.size.height * layer.window.size.width * shape.channels
        let window = kernelWindow(
            layer.window,
            input: shape,
            output: output,
            width: shape.channels
        )
        let pixels = size.height * size.width
        let positions = Array(stride(from: 0, to: shape[0] * pixels, by: step))
        let imageSize = shape.withoutBatch.count
        self.depth = depth
        self.positions = positions
        count = positions.count
        let pieces = chunks(of: Self.rowsPerPiece, covering: positions.count)
        values = [Double](unsafeUninitializedCapacity: positions.count * depth) { buffer, filled in
            filled = positions.count * depth
            guard let result = buffer.baseAddress else { return }
            input.withUnsafePointer { images in
                ThreadPool.shared.forEach(pieces.count) { piece in
                    var window = window
                    for row in pieces[piece] {
                        let (image, pixel) = positions[row].quotientAndRemainder(dividingBy: pixels)
                        espalier_patch_row(
                            images + image * imageSize,
                            &window,
                            Int32(pixel / size.width),
                            Int32(pixel % size.width),
                            result + row * depth
                        )
                    }
                }
            }
        }
    }

    private static let rowsPerPiece = 128
}
