import Tensors

/// A two-dimensional convolution without activation: `y = x * kernel + bias`.
///
/// Shapes: input [H, W, Cin], kernel [Kh, Kw, Cin/groups, filters], bias [filters], output [Ho, Wo, filters].
public struct Convolution2D: LayerRule {
    /// The number of output channels.
    public var filters: Int
    /// The kernel's slide over the image.
    public var window: SlidingWindow
    /// The number of groups the input channels are split into.
    public var groups: Int
    /// Whether a bias is added.
    public var usesBias: Bool

    /// Makes a convolution.
    public init(filters: Int, window: SlidingWindow, groups: Int = 1, usesBias: Bool = true) {
        self.filters = filters
        self.window = window
        self.groups = groups
        self.usesBias = usesBias
    }

    /// The weights, as ``LayerRule/weights(for:)`` asks.
    public func weights(for inputs: [Shape]) throws(RuleFault) -> [WeightSpecification] {
        let channels = try singleInput(inputs, rank: 3).channels
        guard filters > 0, groups > 0, channels % groups == 0, filters % groups == 0 else {
            throw .setting(
                name: "groups",
                expected: "a divisor of \(channels) channels and \(filters) filters",
                found: "\(groups)"
            )
        }
        let kernel = Shape([
            window.size.height, window.size.width, channels / groups, filters,
        ])
        return [WeightSpecification(.kernel, kernel)]
            + (usesBias ? [WeightSpecification(.bias, [filters])] : [])
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        let input = try singleInput(inputs, rank: 3)
        let output = try window.checkedOutputSize(Size2D(input[0], input[1]))
        return [output.height, output.width, filters]
    }

    /// The uses, as ``LayerRule/uses(inputs:output:)`` asks.
    public func uses(inputs: [Shape], output: Shape) -> [Int] {
        [output[0] * output[1]] + (usesBias ? [0] : [])
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        let output = coupling.makeSlots(filters)
        if groups == 1 {
            coupling.touch(weight: 0, axis: 2, role: .consumer, slots: call.inputSlots[0])
        } else {
            coupleGroups(input: call.inputSlots[0], output: output, in: &coupling)
        }
        coupling.touch(weight: 0, axis: 3, role: .producer, slots: output)
        if usesBias { coupling.touch(weight: 1, axis: 0, role: .producer, slots: output) }
        return output
    }

    /// A grouped convolution loses whole groups: the inputs and outputs of one group go together.
    ///
    /// Source: Liu et al. 2021, "Group Fisher Pruning", arXiv:2108.00708, equation 4.
    private func coupleGroups(
        input: [Slot],
        output: [Slot],
        in coupling: inout ChannelCoupling
    ) {
        let inputWidth = input.count / groups
        let outputWidth = filters / groups
        for group in 0..<groups {
            let members =
                input[group * inputWidth..<(group + 1) * inputWidth]
                + output[group * outputWidth..<(group + 1) * outputWidth]
            coupling.unify(Array(members))
        }
    }

    /// The settings after surgery, as ``LayerRule/resized(from:to:)`` asks.
    public func resized(from before: Int, to after: Int) -> Self {
        var resized = self
        resized.groups = groups == 1 ? 1 : after / (filters / groups)
        resized.filters = after
        return resized
    }
}
