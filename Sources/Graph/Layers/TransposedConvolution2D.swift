import Tensors

/// The adjoint of a convolution: each input pixel adds a kernel's worth of output pixels.
///
/// Shapes: input [H, W, Cin], kernel [Kh, Kw, filters, Cin], bias [filters], output [Ho, Wo, filters].
/// The window slides over the output and visits one place per input pixel.
public struct TransposedConvolution2D: LayerRule {
    /// The number of output channels.
    public var filters: Int
    /// The kernel's slide over the output.
    public var window: SlidingWindow
    /// Rows and columns beyond the smallest output, or nil for Keras' own choice.
    public var outputPadding: Size2D?
    /// Whether a bias is added.
    public var usesBias: Bool

    /// Makes a transposed convolution.
    public init(
        filters: Int,
        window: SlidingWindow,
        outputPadding: Size2D? = nil,
        usesBias: Bool = true
    ) {
        self.filters = filters
        self.window = window
        self.outputPadding = outputPadding
        self.usesBias = usesBias
    }

    /// The weights, as ``LayerRule/weights(for:)`` asks.
    public func weights(for inputs: [Shape]) throws(RuleFault) -> [WeightSpecification] {
        let channels = try singleInput(inputs, rank: 3).channels
        guard filters > 0 else {
            throw .setting(name: "filters", expected: "1 or more", found: "\(filters)")
        }
        let kernel = Shape([window.size.height, window.size.width, filters, channels])
        return [WeightSpecification(.kernel, kernel)]
            + (usesBias ? [WeightSpecification(.bias, [filters])] : [])
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        let input = try singleInput(inputs, rank: 3)
        let size = Size2D(
            length(input[0], \.height),
            length(input[1], \.width)
        )
        guard size.isPositive, size.height <= 1 << 20, size.width <= 1 << 20,
            try window.checkedOutputSize(size) == Size2D(input[0], input[1])
        else {
            throw .setting(
                name: "output_padding",
                expected: "an output whose convolution has \(input[0]) x \(input[1]) pixels",
                found: "\(size.height) x \(size.width)"
            )
        }
        return [size.height, size.width, filters]
    }

    /// Keras' output length: same `n s`, valid `(n - 1) s + max(k, s)`, and what `output_padding` says instead.
    private func length(_ length: Int, _ axis: KeyPath<Size2D, Int>) -> Int {
        let stride = window.strides[keyPath: axis]
        let reach = (window.size[keyPath: axis] - 1) * window.dilation[keyPath: axis] + 1
        let given = outputPadding.map { $0[keyPath: axis] }
        switch window.padding {
        case .valid: return (length - 1) * stride + reach + (given ?? max(0, stride - reach))
        case .same:
            return given.map { (length - 1) * stride + reach % 2 + $0 } ?? length * stride
        }
    }

    /// The uses, as ``LayerRule/uses(inputs:output:)`` asks: every input pixel meets the whole kernel.
    public func uses(inputs: [Shape], output: Shape) -> [Int] {
        [inputs[0][0] * inputs[0][1]] + (usesBias ? [0] : [])
    }

    /// The coupling rule, as ``LayerRule/couple(_:in:)`` asks.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        let output = coupling.makeSlots(filters)
        coupling.touch(weight: 0, axis: 2, role: .producer, slots: output)
        coupling.touch(weight: 0, axis: 3, role: .consumer, slots: call.inputSlots[0])
        if usesBias { coupling.touch(weight: 1, axis: 0, role: .producer, slots: output) }
        return output
    }

    /// The settings after surgery, as ``LayerRule/resized(from:to:)`` asks.
    public func resized(from before: Int, to after: Int) -> Self {
        var resized = self
        resized.filters = after
        return resized
    }
}
