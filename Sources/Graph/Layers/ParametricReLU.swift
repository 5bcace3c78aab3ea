import Tensors

/// `x` above zero, a learned `alpha * x` below.
///
/// Shapes: input and output [..., C]; alpha as the input, with 1 on the axes it is shared over.
///
/// Source: He et al. 2015, "Delving Deep into Rectifiers", arXiv:1502.01852.
public struct ParametricReLU: LayerRule {
    /// The axes of a sample that share one alpha, from the first after the batch.
    public var sharedAxes: [Int]

    /// Makes a parametric unit.
    public init(sharedAxes: [Int] = []) {
        self.sharedAxes = sharedAxes
    }

    /// The weights, as ``LayerRule/weights(for:)`` asks.
    public func weights(for inputs: [Shape]) throws(RuleFault) -> [WeightSpecification] {
        var shape = try singleInput(inputs)
        for axis in sharedAxes {
            guard (0..<shape.rank).contains(axis) else {
                throw .setting(
                    name: "shared_axes",
                    expected: "axes of \(shape)",
                    found: "\(sharedAxes.map { $0 + 1 })"
                )
            }
            shape[axis] = 1
        }
        return [WeightSpecification(.alpha, shape)]
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        try singleInput(inputs)
    }

    /// The uses, as ``LayerRule/uses(inputs:output:)`` asks.
    public func uses(inputs: [Shape], output: Shape) -> [Int] { [0] }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        let last = call.outputShape.rank - 1
        if !sharedAxes.contains(last) {
            coupling.touch(weight: 0, axis: last, role: .carrier, slots: call.inputSlots[0])
        }
        return call.inputSlots[0]
    }
}
