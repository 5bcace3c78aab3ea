import Tensors

/// An image enlarged by whole factors.
///
/// Shapes: input [H, W, C], output [H * factor, W * factor, C].
public struct Upsampling2D: LayerRule {
    /// How pixels between the old ones are made.
    public enum Interpolation: String, Hashable, Sendable {
        /// Each pixel is repeated.
        case nearest
        /// Between the centres of the four nearest pixels, weighted by distance.
        case bilinear
    }

    /// How many times as high and as wide.
    public var factor: Size2D
    /// How pixels are made.
    public var interpolation: Interpolation

    /// Makes an upsampling layer.
    public init(factor: Size2D, interpolation: Interpolation = .nearest) {
        self.factor = factor
        self.interpolation = interpolation
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        let input = try singleInput(inputs, rank: 3)
        guard factor.isPositive, factor.height <= 1 << 12, factor.width <= 1 << 12 else {
            throw .setting(
                name: "size",
                expected: "1 to \(1 << 12)",
                found: "\(factor.height) x \(factor.width)"
            )
        }
        return [input[0] * factor.height, input[1] * factor.width, input.channels]
    }
}
