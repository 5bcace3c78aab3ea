import Tensors

/// An elementwise combination of two or more inputs; axes of length one are broadcast.
public struct Merge: LayerRule {
    /// How elements are combined.
    public enum Operation: String, Hashable, Sendable {
        /// Their sum.
        case add
        /// Their product.
        case multiply
        /// The first less the second.
        case subtract
        /// Their mean.
        case average
        /// The largest.
        case maximum
        /// The smallest.
        case minimum
    }

    /// How elements are combined.
    public var operation: Operation

    /// Makes a merge layer.
    public init(_ operation: Operation) {
        self.operation = operation
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        if operation == .subtract, inputs.count != 2 {
            throw .input(expected: "two inputs", found: "\(inputs.count)")
        }
        guard inputs.count >= 2 else {
            throw .input(expected: "two or more inputs", found: "\(inputs.count)")
        }
        let rank = inputs.map(\.rank).max() ?? 0
        var output = [Int](repeating: 1, count: rank)
        for input in inputs {
            let offset = rank - input.rank
            guard offset == 0 || input.dimensions.isEmpty == false else { throw fault(inputs) }
            for axis in 0..<input.rank where input[axis] != 1 {
                guard output[offset + axis] == 1 || output[offset + axis] == input[axis] else {
                    throw fault(inputs)
                }
                output[offset + axis] = input[axis]
            }
        }
        return Shape(output)
    }

    private func fault(_ inputs: [Shape]) -> RuleFault {
        .input(
            expected: "inputs of equal shape, or 1 where they differ",
            found: inputs.map(\.description).joined(separator: " and ")
        )
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        let channels = call.outputShape.channels
        var output: [Slot] = []
        for slots in call.inputSlots {
            if slots.count != channels {
                coupling.freeze(slots, because: .broadcast)
            } else if output.isEmpty {
                output = slots
            } else {
                for (first, second) in zip(output, slots) { coupling.unify([first, second]) }
            }
        }
        return output
    }
}
