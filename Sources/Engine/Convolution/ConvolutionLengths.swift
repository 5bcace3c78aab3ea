import CKernels
import Graph
import Tensors

/// The lengths that forward and both gradients of a convolution share, whatever the algorithm.
struct ConvolutionLengths {
    /// [N, H, W, Cin].
    let input: Shape
    /// [N, Ho, Wo, filters].
    let output: Shape
    /// Kh * Kw * Cin/groups, the length of a patch.
    let depth: Int
    /// Input channels of one group.
    let inWidth: Int
    /// Output channels of one group.
    let outWidth: Int
    /// The window over one image.
    let window: espalier_window

    /// - Parameters:
    ///   - layer: The layer.
    ///   - input: The shape of what it reads.
    ///   - border: Zeros around the input, besides those of the layer itself.
    init(_ layer: Convolution2D, input: Shape, border: Border = .none) {
        let size = layer.window.outputSize(border.around(input))
        let inWidth = input.channels / layer.groups
        self.input = input
        output = [input[0], size.height, size.width, layer.filters]
        self.inWidth = inWidth
        outWidth = layer.filters / layer.groups
        depth = layer.window.size.height * layer.window.size.width * inWidth
        window = kernelWindow(
            layer.window,
            input: input,
            output: output,
            width: inWidth,
            border: border
        )
    }

    /// Elements of one input image.
    var imageSize: Int { input.withoutBatch.count }
    /// Elements of one output image.
    var outputSize: Int { output.withoutBatch.count }
    /// Pixels of one output image.
    var pixels: Int { output[1] * output[2] }
}

extension Border {
    /// No zeros at all.
    static let none = Border(top: 0, bottom: 0, left: 0, right: 0)

    /// The height and width of images [N, H, W, C] with this border.
    func around(_ images: Shape) -> Size2D {
        Size2D(images[1] + top + bottom, images[2] + left + right)
    }
}

/// The window of the C kernels over one image, which may have zeros around it.
func kernelWindow(
    _ window: SlidingWindow,
    input: Shape,
    output: Shape,
    width: Int,
    border: Border = .none
) -> espalier_window {
    let own = window.border(border.around(input))
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
        top: Int32(own.top + border.top),
        left: Int32(own.left + border.left),
        output_height: Int32(output[1]),
        output_width: Int32(output[2])
    )
}
