import Tensors

/// What a pool does with its pixels.
public enum PoolingOperation: String, Hashable, Sendable {
    /// The largest.
    case maximum
    /// The mean of the pixels inside the image.
    case average
}

/// Pooling over windows of each channel; padding is never the maximum and never counts in the average.
///
/// Shapes: input [H, W, C], output [Ho, Wo, C].
public struct Pooling2D: LayerRule {
    /// Maximum or average.
    public var operation: PoolingOperation
    /// The window's slide over the image.
    public var window: SlidingWindow

    /// Makes a pooling layer.
    public init(_ operation: PoolingOperation, window: SlidingWindow) {
        self.operation = operation
        self.window = window
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        let input = try singleInput(inputs, rank: 3)
        let output = try window.checkedOutputSize(Size2D(input[0], input[1]))
        return [output.height, output.width, input.channels]
    }
}
