import Tensors

/// Where samples enter the network.
public struct InputLayer: LayerRule {
    /// The shape of one sample.
    public var shape: Shape

    /// Makes an input of the given sample shape.
    public init(shape: Shape) {
        self.shape = shape
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        guard inputs.isEmpty else {
            throw .input(expected: "no inputs", found: "\(inputs.count) inputs")
        }
        return shape
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        let slots = coupling.makeSlots(call.outputShape.channels)
        coupling.freeze(slots, because: .networkInput)
        return slots
    }
}
