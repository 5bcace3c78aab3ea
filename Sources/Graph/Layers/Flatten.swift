import Tensors

/// All axes into one, row-major: pixel s of channel j becomes position `s * C + j`.
///
/// Shapes: input [..., C], output [product].
public struct Flatten: LayerRule {
    /// Makes a flatten layer.
    public init() {}

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        let input = try singleInput(inputs)
        guard let count = input.checkedCount else {
            throw .input(expected: "a shape that fits memory", found: "\(input)")
        }
        return [count]
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        let pixels = call.outputShape.channels / call.inputShapes[0].channels
        return Array(repeatElement(call.inputSlots[0], count: pixels).joined())
    }
}
