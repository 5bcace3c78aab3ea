import Tensors

/// A matrix product over the last axis, without activation: `y = x kernel + bias`.
///
/// Shapes: input [..., Cin], kernel [Cin, units], bias [units], output [..., units].
public struct Dense: LayerRule {
    /// The number of outputs.
    public var units: Int
    /// Whether a bias is added.
    public var usesBias: Bool

    /// Makes a dense layer.
    public init(units: Int, usesBias: Bool = true) {
        self.units = units
        self.usesBias = usesBias
    }

    /// The weights, as ``LayerRule/weights(for:)`` asks.
    public func weights(for inputs: [Shape]) throws(RuleFault) -> [WeightSpecification] {
        let input = try singleInput(inputs)
        guard input.rank >= 1, units > 0 else {
            throw .input(expected: "at least one axis after the batch", found: "shape \(input)")
        }
        return [WeightSpecification(.kernel, [input.channels, units])]
            + (usesBias ? [WeightSpecification(.bias, [units])] : [])
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        var shape = try singleInput(inputs)
        guard shape.rank >= 1 else {
            throw .input(expected: "at least one axis after the batch", found: "shape \(shape)")
        }
        shape[shape.rank - 1] = units
        return shape
    }

    /// The uses, as ``LayerRule/uses(inputs:output:)`` asks.
    public func uses(inputs: [Shape], output: Shape) -> [Int] {
        [output.count / units] + (usesBias ? [0] : [])
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        coupling.touch(weight: 0, axis: 0, role: .consumer, slots: call.inputSlots[0])
        let output = coupling.makeSlots(units)
        coupling.touch(weight: 0, axis: 1, role: .producer, slots: output)
        if usesBias { coupling.touch(weight: 1, axis: 0, role: .producer, slots: output) }
        return output
    }

    /// The settings after surgery, as ``LayerRule/resized(from:to:)`` asks.
    public func resized(from before: Int, to after: Int) -> Self {
        var resized = self
        resized.units = after
        return resized
    }
}
