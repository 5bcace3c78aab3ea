import Tensors

/// A fixed linear map, `y = x * scale + offset`, with one number or one per channel.
public struct Rescaling: LayerRule {
    /// The factors: one, or one per channel.
    public var scale: [Float]
    /// The addends: one, or one per channel.
    public var offset: [Float]

    /// Makes a rescaling layer.
    public init(scale: [Float], offset: [Float] = [0]) {
        self.scale = scale
        self.offset = offset
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        let input = try singleInput(inputs)
        for (name, values) in [("scale", scale), ("offset", offset)]
        where values.count != 1 && values.count != input.channels {
            throw .setting(
                name: name,
                expected: "1 or \(input.channels) numbers",
                found: "\(values.count)"
            )
        }
        return input
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        if scale.count > 1 || offset.count > 1 {
            coupling.freeze(call.inputSlots[0], because: .fixedPerChannel)
        }
        return call.inputSlots[0]
    }
}
