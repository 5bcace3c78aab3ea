import Tensors

/// Another shape of equal count; one length of the target may be -1 and is worked out.
///
/// The channels can be followed where the last axis stays, and where everything is flattened.
public struct Reshape: LayerRule {
    /// The output shape of one sample, with at most one -1.
    public var target: [Int]

    /// Makes a reshape layer.
    public init(target: [Int]) {
        self.target = target
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        let input = try singleInput(inputs)
        var known = 1
        for length in target where length != -1 {
            let (product, overflow) = known.multipliedReportingOverflow(by: length)
            guard length > 0, !overflow else { throw fault(for: input) }
            known = product
        }
        let free = target.count { $0 == -1 }
        guard let count = input.checkedCount, free <= 1, count % known == 0,
            free == 1 || known == count
        else { throw fault(for: input) }
        return Shape(target.map { $0 == -1 ? count / known : $0 })
    }

    private func fault(for input: Shape) -> RuleFault {
        .setting(
            name: "target_shape",
            expected: "a shape of as many elements as \(input)",
            found: "\(Shape(target))"
        )
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        let output = call.outputShape
        if output.channels == call.inputShapes[0].channels { return call.inputSlots[0] }
        if output.rank == 1 { return Flatten().couple(call, in: &coupling) }
        coupling.freeze(call.inputSlots[0], because: .reshaped)
        let slots = coupling.makeSlots(output.channels)
        coupling.freeze(slots, because: .reshaped)
        return slots
    }

    /// The settings after surgery, as ``LayerRule/resized(from:to:)`` asks.
    public func resized(from before: Int, to after: Int) -> Self {
        guard let last = target.last, last != -1 else { return self }
        return Reshape(target: target.dropLast() + [after])
    }
}
