import Graph
import Tensors

/// Layers with weights.
extension LayerConfiguration {
    func window() throws(KerasError) -> SlidingWindow {
        SlidingWindow(
            size: try size("kernel_size"),
            strides: try size("strides", default: .one),
            dilation: try size("dilation_rate", default: .one),
            padding: try padding()
        )
    }

    func padding() throws(KerasError) -> Padding {
        let text = try text("padding", default: "valid")
        guard let padding = Padding(rawValue: text) else {
            throw unsupported(
                "padding",
                found: text,
                hint: "Only \"valid\" and \"same\" are executed."
            )
        }
        return padding
    }

    func loweredConvolution() throws(KerasError) -> LoweredLayer {
        let usesBias = try flag("use_bias", default: true)
        let convolution = Convolution2D(
            filters: try integer("filters"),
            window: try window(),
            groups: try integer("groups", default: 1),
            usesBias: usesBias
        )
        return try withActivation([
            LayerStage(.convolution2D(convolution), stored: 0..<(usesBias ? 2 : 1))
        ])
    }

    func loweredDepthwise() throws(KerasError) -> LoweredLayer {
        let usesBias = try flag("use_bias", default: true)
        let convolution = DepthwiseConvolution2D(
            window: try window(),
            multiplier: try integer("depth_multiplier", default: 1),
            usesBias: usesBias
        )
        return try withActivation([
            LayerStage(.depthwiseConvolution2D(convolution), stored: 0..<(usesBias ? 2 : 1))
        ])
    }

    /// A depthwise convolution without bias and a pointwise one with it.
    func loweredSeparable() throws(KerasError) -> LoweredLayer {
        let usesBias = try flag("use_bias", default: true)
        let depthwise = DepthwiseConvolution2D(
            window: try window(),
            multiplier: try integer("depth_multiplier", default: 1),
            usesBias: false
        )
        let pointwise = Convolution2D(
            filters: try integer("filters"),
            window: SlidingWindow(size: .one),
            usesBias: usesBias
        )
        return try withActivation([
            LayerStage(.depthwiseConvolution2D(depthwise), suffix: "depthwise", stored: 0..<1),
            LayerStage(
                .convolution2D(pointwise),
                suffix: "pointwise",
                stored: 1..<(usesBias ? 3 : 2)
            ),
        ])
    }

    func loweredTransposedConvolution() throws(KerasError) -> LoweredLayer {
        let usesBias = try flag("use_bias", default: true)
        let outputPadding = value("output_padding") == nil ? nil : try size("output_padding")
        let convolution = TransposedConvolution2D(
            filters: try integer("filters"),
            window: try window(),
            outputPadding: outputPadding,
            usesBias: usesBias
        )
        return try withActivation([
            LayerStage(.transposedConvolution2D(convolution), stored: 0..<(usesBias ? 2 : 1))
        ])
    }

    func loweredDense() throws(KerasError) -> LoweredLayer {
        let usesBias = try flag("use_bias", default: true)
        let dense = Dense(units: try integer("units"), usesBias: usesBias)
        return try withActivation([
            LayerStage(.dense(dense), stored: 0..<(usesBias ? 2 : 1))
        ])
    }

    func loweredBatchNormalization(rank: Int) throws(KerasError) -> LoweredLayer {
        try requireLastAxis("axis", inputRank: rank)
        guard try !flag("renorm", default: false) else {
            throw unsupported(
                "renorm",
                found: "true",
                hint: "Train the model without batch renormalization."
            )
        }
        let normalization = BatchNormalization(
            epsilon: Float(try number("epsilon", default: 1e-3)),
            momentum: Float(try number("momentum", default: 0.99)),
            scales: try flag("scale", default: true),
            centers: try flag("center", default: true)
        )
        return single(
            .batchNormalization(normalization),
            storedWeights: normalization.movingMeanIndex + 2
        )
    }

    /// Statistics given in the configuration are used from there; adapted ones are stored, with a count nobody reads.
    func loweredNormalization(rank: Int) throws(KerasError) -> LoweredLayer {
        let axis = value("axis")
        let isPerChannel = axis.map { $0.elements?.isEmpty == false || $0.integer != nil } ?? false
        if isPerChannel { try requireLastAxis("axis", inputRank: rank) }
        let isInverted = try flag("invert", default: false)
        guard value("mean") != nil else {
            return LoweredLayer(
                [
                    LayerStage(
                        .normalization(
                            Normalization(isPerChannel: isPerChannel, isInverted: isInverted)
                        ),
                        stored: 0..<2
                    )
                ],
                storedWeightCount: 3
            )
        }
        let mean = try flatNumbers("mean")
        let variance = try flatNumbers("variance")
        let count = max(mean.count, variance.count)
        var stage = LayerStage(
            .normalization(Normalization(isPerChannel: count > 1, isInverted: isInverted))
        )
        for (key, values) in [("mean", mean), ("variance", variance)] {
            guard values.count == count || values.count == 1 else {
                throw fault(key, expected: "\(count) numbers", found: "\(values.count)")
            }
            let all = values.count == count ? values : Array(repeating: values[0], count: count)
            stage.weights.append(.given(Tensor([count], values: all)))
        }
        return LoweredLayer([stage])
    }

    func loweredRescaling() throws(KerasError) -> LayerStage {
        LayerStage(
            .rescaling(
                Rescaling(
                    scale: try flatNumbers("scale"),
                    offset: value("offset") == nil ? [0] : try flatNumbers("offset")
                )
            )
        )
    }

    /// A number, or a list of them, which may be nested in lists of one: `[[[[0.5, 0.4, 0.3]]]]`.
    func flatNumbers(_ key: String) throws(KerasError) -> [Float] {
        let numbers: [Double] = try read(key, expected: "a number or a list of numbers", nil) {
            value in
            var inner = value
            while let list = inner.elements, list.count == 1 { inner = list[0] }
            if let one = inner.number { return [one] }
            guard let list = inner.elements, !list.isEmpty else { return nil }
            let numbers = list.compactMap(\.number)
            return numbers.count == list.count ? numbers : nil
        }
        return numbers.map { Float($0) }
    }
}
