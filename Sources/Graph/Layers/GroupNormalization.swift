import Tensors

/// Normalization of each sample over all pixels of one group of neighbouring channels.
///
/// Shapes: input and output [..., C]; gamma and beta [C], where used.
///
/// Source: Wu, He 2018, "Group Normalization", arXiv:1803.08494.
public struct GroupNormalization: LayerRule {
    /// The number of groups; as many as channels is instance normalization.
    public var groups: Int
    /// What is added to the variance before the root.
    public var epsilon: Float
    /// Whether there is a gamma.
    public var scales: Bool
    /// Whether there is a beta.
    public var centers: Bool

    /// Makes a group normalization; the defaults are Keras'.
    public init(
        groups: Int = 32,
        epsilon: Float = 1e-3,
        scales: Bool = true,
        centers: Bool = true
    ) {
        self.groups = groups
        self.epsilon = epsilon
        self.scales = scales
        self.centers = centers
    }

    /// The weights, as ``LayerRule/weights(for:)`` asks.
    public func weights(for inputs: [Shape]) throws(RuleFault) -> [WeightSpecification] {
        let shape = Shape([try singleInput(inputs).channels])
        return (scales ? [WeightSpecification(.gamma, shape)] : [])
            + (centers ? [WeightSpecification(.beta, shape)] : [])
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        let input = try singleInput(inputs)
        guard input.rank > 0, groups > 0, input.channels % groups == 0 else {
            throw .setting(
                name: "groups",
                expected: "a divisor of the channels of \(input)",
                found: "\(groups)"
            )
        }
        return input
    }

    /// The uses, as ``LayerRule/uses(inputs:output:)`` asks.
    public func uses(inputs: [Shape], output: Shape) -> [Int] {
        [Int](repeating: 0, count: (scales ? 1 : 0) + (centers ? 1 : 0))
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    ///
    /// A group goes whole or not at all: the statistics of the others then stay as they were.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        let input = call.inputSlots[0]
        let width = input.count / groups
        for group in 0..<groups {
            coupling.unify(Array(input[group * width..<(group + 1) * width]))
        }
        if groups == 1 { coupling.freeze(input, because: .statisticsOverChannels) }
        for weight in 0..<(scales ? 1 : 0) + (centers ? 1 : 0) {
            coupling.touch(weight: weight, axis: 0, role: .carrier, slots: input)
        }
        return input
    }

    /// The settings after surgery, as ``LayerRule/resized(from:to:)`` asks.
    public func resized(from before: Int, to after: Int) -> Self {
        var resized = self
        resized.groups = after / (before / groups)
        return resized
    }
}
