import Tensors

/// Several inputs side by side along one axis.
public struct Concatenate: LayerRule {
    /// The axis counted from the last: 0 is the channel axis, 1 the one before it.
    public var axisFromLast: Int

    /// Makes a concatenation along the given axis, counted from the last.
    public init(axisFromLast: Int = 0) {
        self.axisFromLast = axisFromLast
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        guard var output = inputs.first, axisFromLast >= 0, axisFromLast < output.rank else {
            throw .input(
                expected: "inputs with more than \(axisFromLast) axes",
                found: inputs.map(\.description).joined(separator: " and ")
            )
        }
        let axis = output.rank - 1 - axisFromLast
        for input in inputs.dropFirst() {
            var aligned = input
            if aligned.rank == output.rank { aligned[axis] = output[axis] }
            guard aligned == output else {
                throw .input(
                    expected: "inputs equal but for axis \(axis)",
                    found: inputs.map(\.description).joined(separator: " and ")
                )
            }
            output[axis] += input[axis]
        }
        return output
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        guard axisFromLast != 0 else { return Array(call.inputSlots.joined()) }
        for slots in call.inputSlots.dropFirst() {
            for (first, second) in zip(call.inputSlots[0], slots) {
                coupling.unify([first, second])
            }
        }
        return call.inputSlots[0]
    }
}
