import Tensors

/// The axes in another order.
///
/// Shapes: axis k of the output is axis `order[k]` of the input, from the first after the batch.
public struct Permute: LayerRule {
    /// For each axis of the output, the axis of the input.
    public var order: [Int]

    /// Makes a permutation.
    public init(order: [Int]) {
        self.order = order
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        let input = try singleInput(inputs)
        guard order.sorted() == Array(0..<input.rank) else {
            throw .setting(
                name: "dims",
                expected: "the axes 1 to \(input.rank) in some order",
                found: "\(order.map { $0 + 1 })"
            )
        }
        return Shape(order.map { input[$0] })
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks: channels are followed on the last axis only.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        if order.last == order.count - 1 { return call.inputSlots[0] }
        coupling.freeze(call.inputSlots[0], because: .permuted)
        let slots = coupling.makeSlots(call.outputShape.channels)
        coupling.freeze(slots, because: .permuted)
        return slots
    }
}
