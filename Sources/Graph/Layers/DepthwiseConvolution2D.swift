import Tensors

/// A convolution of each input channel by itself: channel j gives outputs `j * multiplier ..< (j + 1) * multiplier`.
///
/// Shapes: input [H, W, C], kernel [Kh, Kw, C, multiplier], bias [C * multiplier], output [Ho, Wo, C * multiplier].
public struct DepthwiseConvolution2D: LayerRule {
    /// The kernel's slide over the image.
    public var window: SlidingWindow
    /// The number of outputs per input channel.
    public var multiplier: Int
    /// Whether a bias is added.
    public var usesBias: Bool

    /// Makes a depthwise convolution.
    public init(window: SlidingWindow, multiplier: Int = 1, usesBias: Bool = true) {
        self.window = window
        self.multiplier = multiplier
        self.usesBias = usesBias
    }

    /// The weights, as ``LayerRule/weights(for:)`` asks.
    public func weights(for inputs: [Shape]) throws(RuleFault) -> [WeightSpecification] {
        let channels = try singleInput(inputs, rank: 3).channels
        guard multiplier > 0, multiplier <= 1 << 16 else {
            throw .setting(
                name: "depth_multiplier",
                expected: "1 to \(1 << 16)",
                found: "\(multiplier)"
            )
        }
        let kernel = Shape([window.size.height, window.size.width, channels, multiplier])
        return [WeightSpecification(.kernel, kernel)]
            + (usesBias ? [WeightSpecification(.bias, [channels * multiplier])] : [])
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        let input = try singleInput(inputs, rank: 3)
        let output = try window.checkedOutputSize(Size2D(input[0], input[1]))
        return [output.height, output.width, input.channels * multiplier]
    }

    /// The uses, as ``LayerRule/uses(inputs:output:)`` asks.
    public func uses(inputs: [Shape], output: Shape) -> [Int] {
        [output[0] * output[1]] + (usesBias ? [0] : [])
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        let input = call.inputSlots[0]
        coupling.touch(weight: 0, axis: 2, role: .carrier, slots: input)
        let output = input.flatMap { [Slot](repeating: $0, count: multiplier) }
        if usesBias { coupling.touch(weight: 1, axis: 0, role: .carrier, slots: output) }
        return output
    }
}
