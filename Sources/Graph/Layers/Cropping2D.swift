import Tensors

/// Takes rows and columns away from the border of every channel.
///
/// Shapes: input [H, W, C], output [H - top - bottom, W - left - right, C].
public struct Cropping2D: LayerRule {
    /// What is taken away on each side.
    public var border: Border

    /// Makes a cropping layer.
    public init(border: Border) {
        self.border = border
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        let input = try singleInput(inputs, rank: 3)
        let sides = [border.top, border.bottom, border.left, border.right]
        guard sides.allSatisfy({ (0...(1 << 16)).contains($0) }),
            border.top + border.bottom < input[0], border.left + border.right < input[1]
        else {
            throw .setting(
                name: "cropping",
                expected: "less than \(input[0]) rows and \(input[1]) columns",
                found: "\(sides)"
            )
        }
        return [
            input[0] - border.top - border.bottom, input[1] - border.left - border.right,
            input.channels,
        ]
    }
}
