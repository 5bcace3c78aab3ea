import Graph
import Tensors

/// Layers over sequences: the layers over images, on one row.
extension LayerConfiguration {
    /// The sequence as an image, the given stages on it, and the image as a sequence again.
    private func onOneRow(_ stages: [LayerStage], returns: Bool = true) -> LoweredLayer {
        let row = LayerStage(.heightAxis(.inserted), suffix: "row")
        let back = LayerStage(.heightAxis(.removed), suffix: "sequence")
        return LoweredLayer([row] + stages + (returns ? [back] : []))
    }

    private func rowWindow(
        size: String,
        defaultSize: Int? = nil,
        defaultStride: Int = 1
    ) throws(KerasError) -> SlidingWindow {
        let length = try length(size, default: defaultSize)
        return SlidingWindow(
            size: Size2D(1, length),
            strides: Size2D(1, try self.length("strides", default: defaultStride)),
            dilation: Size2D(1, try self.length("dilation_rate", default: 1)),
            padding: try isCausal() ? .valid : try padding()
        )
    }

    private func isCausal() throws(KerasError) -> Bool {
        try text("padding", default: "valid") == "causal"
    }

    /// The zeros in front of a causal convolution.
    private func causalBorder(_ window: SlidingWindow) throws(KerasError) -> [LayerStage] {
        guard try isCausal() else { return [] }
        let left = window.dilation.width * (window.size.width - 1)
        let border = Border(top: 0, bottom: 0, left: left, right: 0)
        return [LayerStage(.zeroPadding2D(ZeroPadding2D(border: border)), suffix: "causal")]
    }

    func loweredConvolution1D() throws(KerasError) -> LoweredLayer {
        let usesBias = try flag("use_bias", default: true)
        let window = try rowWindow(size: "kernel_size")
        let convolution = Convolution2D(
            filters: try integer("filters"),
            window: window,
            groups: try integer("groups", default: 1),
            usesBias: usesBias
        )
        var stage = LayerStage(.convolution2D(convolution), stored: 0..<(usesBias ? 2 : 1))
        stage.isKernelOfSequence = true
        return try withActivation(onOneRow(try causalBorder(window) + [stage]).stages)
    }

    func loweredTransposedConvolution1D() throws(KerasError) -> LoweredLayer {
        let usesBias = try flag("use_bias", default: true)
        let outputPadding =
            value("output_padding") == nil
            ? nil : Size2D(0, try length("output_padding"))
        let convolution = TransposedConvolution2D(
            filters: try integer("filters"),
            window: try rowWindow(size: "kernel_size"),
            outputPadding: outputPadding,
            usesBias: usesBias
        )
        var stage = LayerStage(
            .transposedConvolution2D(convolution),
            stored: 0..<(usesBias ? 2 : 1)
        )
        stage.isKernelOfSequence = true
        return try withActivation(onOneRow([stage]).stages)
    }

    func loweredDepthwise1D() throws(KerasError) -> LoweredLayer {
        let usesBias = try flag("use_bias", default: true)
        let convolution = DepthwiseConvolution2D(
            window: try rowWindow(size: "kernel_size"),
            multiplier: try integer("depth_multiplier", default: 1),
            usesBias: usesBias
        )
        var stage = LayerStage(
            .depthwiseConvolution2D(convolution),
            stored: 0..<(usesBias ? 2 : 1)
        )
        stage.isKernelOfSequence = true
        return try withActivation(onOneRow([stage]).stages)
    }

    func loweredSeparable1D() throws(KerasError) -> LoweredLayer {
        let usesBias = try flag("use_bias", default: true)
        let window = try rowWindow(size: "kernel_size")
        let depthwise = DepthwiseConvolution2D(
            window: window,
            multiplier: try integer("depth_multiplier", default: 1),
            usesBias: false
        )
        let pointwise = Convolution2D(
            filters: try integer("filters"),
            window: SlidingWindow(size: .one),
            usesBias: usesBias
        )
        var first = LayerStage(
            .depthwiseConvolution2D(depthwise),
            suffix: "depthwise",
            stored: 0..<1
        )
        var second = LayerStage(
            .convolution2D(pointwise),
            suffix: "pointwise",
            stored: 1..<(usesBias ? 3 : 2)
        )
        first.isKernelOfSequence = true
        second.isKernelOfSequence = true
        return try withActivation(onOneRow(try causalBorder(window) + [first, second]).stages)
    }

    func loweredPooling1D(_ operation: PoolingOperation) throws(KerasError) -> LoweredLayer {
        let size = try length("pool_size", default: 2)
        let window = try rowWindow(size: "pool_size", defaultSize: 2, defaultStride: size)
        return onOneRow([LayerStage(.pooling2D(Pooling2D(operation, window: window)))])
    }

    func loweredGlobalPooling1D(_ operation: PoolingOperation) throws(KerasError) -> LoweredLayer {
        let keeps = try flag("keepdims", default: false)
        let pooling = GlobalPooling2D(operation, keepsDimensions: keeps)
        return onOneRow([LayerStage(.globalPooling2D(pooling))], returns: keeps)
    }

    func loweredPadding1D() throws(KerasError) -> LoweredLayer {
        let border = try ends("padding", default: 1)
        return onOneRow([LayerStage(.zeroPadding2D(ZeroPadding2D(border: border)))])
    }

    func loweredCropping1D() throws(KerasError) -> LoweredLayer {
        onOneRow([LayerStage(.cropping2D(Cropping2D(border: try ends("cropping", default: 1))))])
    }

    func loweredUpsampling1D() throws(KerasError) -> LoweredLayer {
        let factor = Size2D(1, try length("size", default: 2))
        return onOneRow([LayerStage(.upsampling2D(Upsampling2D(factor: factor)))])
    }

    /// `n` or `[left, right]`.
    private func ends(_ key: String, default fallback: Int) throws(KerasError) -> Border {
        let both = Border(top: 0, bottom: 0, left: fallback, right: fallback)
        return try read(key, expected: "one or two whole numbers", both) { value -> Border? in
            if let side = value.integer {
                return Border(top: 0, bottom: 0, left: side, right: side)
            }
            guard let sides = value.elements?.compactMap(\.integer), sides.count == 2 else {
                return nil
            }
            return Border(top: 0, bottom: 0, left: sides[0], right: sides[1])
        }
    }
}
