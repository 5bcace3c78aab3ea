import Tensors

/// Pooling of each channel over the whole image.
///
/// Shapes: input [H, W, C], output [C] or [1, 1, C].
public struct GlobalPooling2D: LayerRule {
    /// Maximum or average.
    public var operation: PoolingOperation
    /// Whether height and width stay as axes of length one.
    public var keepsDimensions: Bool

    /// Makes a global pooling layer.
    public init(_ operation: PoolingOperation, keepsDimensions: Bool = false) {
        self.operation = operation
        self.keepsDimensions = keepsDimensions
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        let channels = try singleInput(inputs, rank: 3).channels
        return keepsDimensions ? [1, 1, channels] : [channels]
    }
}
