import Tensors

/// A border of zeros around every channel.
///
/// Shapes: input [H, W, C], output [top + H + bottom, left + W + right, C].
public struct ZeroPadding2D: LayerRule {
    /// The border's width on each side.
    public var border: Border

    /// Makes a padding layer.
    public init(border: Border) {
        self.border = border
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        let input = try singleInput(inputs, rank: 3)
        let sides = [border.top, border.bottom, border.left, border.right]
        guard sides.allSatisfy({ (0...(1 << 16)).contains($0) }) else {
            throw .setting(name: "padding", expected: "0 to \(1 << 16)", found: "\(sides)")
        }
        return [
            input[0] + border.top + border.bottom, input[1] + border.left + border.right,
            input.channels,
        ]
    }
}
