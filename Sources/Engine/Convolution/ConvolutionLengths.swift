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

    init(_ layer: Convolution2D, input: Shape) {
        let size = layer.window.outputSize(Size2D(input[1], input[2]))
        let inWidth = input.channels / layer.groups
        self.input = input
        output = [input[0], size.height, size.width, layer.filters]
        self.inWidth = inWidth
        outWidth = layer.filters / layer.groups
        depth = layer.window.size.height * layer.window.size.width * inWidth
        window = kernelWindow(layer.window, input: input, output: output, width: inWidth)
    }

    /// Elements of one input image.
    var imageSize: Int { input.withoutBatch.count }
    /// Elements of one output image.
    var outputSize: Int { output.withoutBatch.count }
    /// Pixels of one output image.
    var pixels: Int { output[1] * output[2] }
}

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
