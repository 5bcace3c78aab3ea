import Graph
import Tensors

extension LayerConfiguration {
    /// The network layers this Keras layer becomes.
    ///
    /// - Parameters:
    ///   - inputRanks: The number of axes of each input for one sample.
    ///   - inputShape: The shape of one sample, for an input layer whose own is not fully known.
    /// - Returns: The layers in the order they run.
    /// - Throws: ``KerasError`` for classes and settings that cannot be executed.
    func lowered(inputRanks: [Int], inputShape: Shape?) throws(KerasError) -> LoweredLayer {
        let rank = inputRanks.first ?? 0
        switch className {
        case "InputLayer":
            // Inside a nested model it hands on what the model is called on.
            return inputRanks.isEmpty
                ? LoweredLayer([try loweredInput(inputShape)]) : LoweredLayer([])
        case "Conv2D", "Convolution2D": return try loweredConvolution()
        case "DepthwiseConv2D": return try loweredDepthwise()
        case "SeparableConv2D", "SeparableConvolution2D": return try loweredSeparable()
        case "Conv2DTranspose", "Convolution2DTranspose":
            return try loweredTransposedConvolution()
        case "Dense": return try loweredDense()
        case "BatchNormalization": return try loweredBatchNormalization(rank: rank)
        case "Normalization": return try loweredNormalization(rank: rank)
        case "LayerNormalization", "RMSNormalization":
            return try loweredLayerNormalization(rank: rank)
        case "GroupNormalization": return try loweredGroupNormalization(rank: rank)
        case "LayerScale": return single(.channelScale(ChannelScale()), storedWeights: 1)
        case "Rescaling": return LoweredLayer([try loweredRescaling()])
        default: return try loweredActivation(rank: rank, inputCount: inputRanks.count)
        }
    }

    private func loweredActivation(
        rank: Int,
        inputCount: Int
    ) throws(KerasError) -> LoweredLayer {
        switch className {
        case "Activation": return single(try activation()?.kind ?? .activation(.linear))
        case "ReLU", "LeakyReLU", "ThresholdedReLU", "ELU", "Softmax":
            return single(.activation(try activationLayer(inputRank: rank) ?? .linear))
        case "PReLU": return try loweredParametricReLU()
        case "ActivityRegularization": return single(.activation(.linear))
        default: return try loweredPoolingOrMerge(rank: rank, inputCount: inputCount)
        }
    }

    private func loweredPoolingOrMerge(
        rank: Int,
        inputCount: Int
    ) throws(KerasError) -> LoweredLayer {
        switch className {
        case "MaxPooling2D", "MaxPool2D": return try loweredPooling(.maximum)
        case "AveragePooling2D", "AvgPool2D": return try loweredPooling(.average)
        case "GlobalMaxPooling2D", "GlobalMaxPool2D":
            return try loweredGlobalPooling(.maximum)
        case "GlobalAveragePooling2D", "GlobalAvgPool2D":
            return try loweredGlobalPooling(.average)
        case "Concatenate": return try loweredConcatenation(rank: rank)
        case "CustomScaleLayer": return try loweredScaledSum(inputs: inputCount)
        case "Average": return single(.merge(Merge(.average)))
        case "Maximum": return single(.merge(Merge(.maximum)))
        case "Minimum": return single(.merge(Merge(.minimum)))
        default:
            if let arithmetic = loweredArithmetic() { return arithmetic }
            return try loweredShapeLayer()
        }
    }

    private func loweredShapeLayer() throws(KerasError) -> LoweredLayer {
        switch className {
        case "Flatten": return single(.flatten(Flatten()))
        case "Reshape": return try loweredReshape()
        case "ZeroPadding2D":
            return single(
                .zeroPadding2D(ZeroPadding2D(border: try border("padding", default: 1)))
            )
        case "Cropping2D":
            return single(.cropping2D(Cropping2D(border: try border("cropping", default: 0))))
        case "UpSampling2D": return try loweredUpsampling()
        case "Permute": return try loweredPermutation()
        case "Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise",
            "GaussianDropout", "AlphaDropout":
            return try loweredDropout()
        default: return try loweredSequenceLayer()
        }
    }

    private func loweredSequenceLayer() throws(KerasError) -> LoweredLayer {
        switch className {
        case "Conv1D", "Convolution1D": return try loweredConvolution1D()
        case "Conv1DTranspose", "Convolution1DTranspose":
            return try loweredTransposedConvolution1D()
        case "DepthwiseConv1D": return try loweredDepthwise1D()
        case "SeparableConv1D", "SeparableConvolution1D": return try loweredSeparable1D()
        case "MaxPooling1D", "MaxPool1D": return try loweredPooling1D(.maximum)
        case "AveragePooling1D", "AvgPool1D": return try loweredPooling1D(.average)
        case "GlobalMaxPooling1D", "GlobalMaxPool1D":
            return try loweredGlobalPooling1D(.maximum)
        case "GlobalAveragePooling1D", "GlobalAvgPool1D":
            return try loweredGlobalPooling1D(.average)
        case "ZeroPadding1D": return try loweredPadding1D()
        case "Cropping1D": return try loweredCropping1D()
        case "UpSampling1D": return try loweredUpsampling1D()
        default: throw unsupportedClass
        }
    }

    func single(_ kind: LayerKind, storedWeights: Int = 0) -> LoweredLayer {
        LoweredLayer([LayerStage(kind, stored: 0..<storedWeights)])
    }

    /// A stage and, where there is one, its fused activation as another.
    func withActivation(_ stages: [LayerStage]) throws(KerasError) -> LoweredLayer {
        guard let named = try activation() else { return LoweredLayer(stages) }
        return LoweredLayer(
            stages + [LayerStage(named.kind, suffix: named.name)]
        )
    }

    private var unsupportedClass: KerasError {
        let hint: String
        switch className {
        case "Lambda":
            hint =
                "A Lambda layer holds Python code; replace it by a built-in layer such as "
                + "Rescaling or Activation."
        case "TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer":
            hint =
                "Of bare TensorFlow operations only sums and products, and those with a number, are "
                + "executed; replace this one by a layer."
        case "LSTM", "GRU", "SimpleRNN", "Bidirectional", "TimeDistributed", "ConvLSTM2D", "RNN":
            hint = "Recurrent layers are not executed; only feed-forward image networks are."
        case "RandomFlip", "RandomRotation", "RandomZoom", "RandomContrast", "RandomBrightness",
            "RandomTranslation", "RandomCrop":
            hint =
                "Take augmentation out of the model and ask for it in the spec; it does nothing "
                + "at inference."
        default:
            hint =
                "This class is not executed; rebuild the model from convolutions, dense layers, "
                + "normalizations, activations, poolings and merges."
        }
        return .unsupportedLayer(layer: name, className: className, hint: hint)
    }

    private func loweredInput(_ given: Shape?) throws(KerasError) -> LayerStage {
        for key in ["sparse", "ragged"] where try flag(key, default: false) {
            throw unsupported(key, found: "true", hint: "Only dense inputs are executed.")
        }
        let stored = value("batch_input_shape") ?? value("batch_shape")
        guard let lengths = stored?.elements?.dropFirst() else {
            guard let given else {
                throw .unknownInputShape(layer: name, found: stored?.summary ?? "nothing")
            }
            return LayerStage(.input(InputLayer(shape: given)))
        }
        let known = lengths.map { $0.isNull ? nil : $0.integer }
        if let given {
            let fits =
                given.rank == known.count
                && zip(given.dimensions, known).allSatisfy { $1 == nil || $0 == $1 }
            guard fits else {
                throw .inputShapeMismatch(
                    layer: name,
                    expected: stored?.summary ?? "",
                    found: given
                )
            }
            return LayerStage(.input(InputLayer(shape: given)))
        }
        let shape = known.compactMap(\.self)
        guard shape.count == known.count else {
            throw .unknownInputShape(layer: name, found: stored?.summary ?? "")
        }
        return LayerStage(.input(InputLayer(shape: Shape(shape))))
    }
}
