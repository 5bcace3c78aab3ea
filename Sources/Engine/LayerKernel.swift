import Graph
import Tensors

/// How a network is executed.
public enum ExecutionMode: Sendable {
    /// As users run it: moving statistics, no noise.
    case inference
    /// As it is trained: batch statistics, and noise drawn from the given stream.
    case training(CounterRandom)

    var isTraining: Bool {
        switch self {
        case .inference: false
        case .training: true
        }
    }
}

/// The mean and variance of each channel over one batch.
public struct BatchMoments: Sendable {
    /// The values per channel that were averaged.
    public var count: Int
    /// The means [C].
    public var mean: [Double]
    /// The variances [C], divided by the count.
    public var variance: [Double]
}

/// What a layer's forward pass leaves behind.
struct LayerOutput {
    var value: Tensor
    /// What the backward pass needs besides inputs and output: a noise mask, inverse deviations.
    var saved: [Tensor] = []
    var moments: BatchMoments?
}

/// A forward call as the backward pass finds it.
struct RecordedCall {
    var inputs: [Tensor]
    var output: Tensor
    var weights: [Tensor]
    var saved: [Tensor]
    /// False for the network's own inputs, whose gradient nobody reads.
    var needsInputGradient: Bool
    /// What a convolution does to its input when it reads that; the gradient of the input is that of the changed one.
    var change: Finish?
}

/// The gradients of one call.
struct LayerGradients {
    /// One per input; empty where none was needed.
    var inputs: [Tensor]
    /// One per weight; nil for statistics.
    var weights: [Tensor?] = []
}

/// The arithmetic of one kind of layer; all tensors have the batch in front.
protocol LayerKernel {
    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput
    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients
}

/// The output shape, batch in front, that the layer's own rule gives for these inputs.
func batchedOutputShape(of rule: any LayerRule, for inputs: [Tensor]) -> Shape {
    do {
        return try rule.outputShape(for: inputs.map(\.shape.withoutBatch))
            .batched(inputs[0].shape[0])
    } catch {
        preconditionFailure("the network was checked when it was made: \(error)")
    }
}

extension LayerKind {
    /// The arithmetic of this kind; an input has none, it is handed its value.
    var kernel: (any LayerKernel)? {
        switch self {
        case .input: nil
        case .convolution2D(let layer): Convolution2DKernel(layer: layer)
        case .depthwiseConvolution2D(let layer): DepthwiseConvolution2DKernel(layer: layer)
        case .dense(let layer): DenseKernel(layer: layer)
        case .batchNormalization(let layer): BatchNormalizationKernel(layer: layer)
        case .activation(let function): ActivationKernel(function: function)
        case .pooling2D(let layer): Pooling2DKernel(layer: layer)
        case .globalPooling2D(let layer): GlobalPooling2DKernel(layer: layer)
        case .flatten: ReshapeKernel(rule: Flatten())
        case .reshape(let layer): ReshapeKernel(rule: layer)
        case .dropout(let layer): DropoutKernel(layer: layer)
        case .zeroPadding2D(let layer): ZeroPadding2DKernel(layer: layer)
        case .merge(let layer): MergeKernel(layer: layer)
        case .concatenate(let layer): ConcatenateKernel(layer: layer)
        case .rescaling(let layer): RescalingKernel(layer: layer)
        case .normalization(let layer): NormalizationKernel(layer: layer)
        case .layerNormalization(let layer): LayerNormalizationKernel(layer: layer)
        case .groupNormalization(let layer): GroupNormalizationKernel(layer: layer)
        case .channelScale: ChannelScaleKernel()
        case .parametricReLU: ParametricReLUKernel()
        case .channelFunction(let function): ChannelFunctionKernel(function: function)
        case .transposedConvolution2D(let layer): TransposedConvolution2DKernel(layer: layer)
        case .upsampling2D(let layer): Upsampling2DKernel(layer: layer)
        case .cropping2D(let layer): Cropping2DKernel(layer: layer)
        case .permute(let layer): PermuteKernel(layer: layer)
        case .heightAxis(let layer): ReshapeKernel(rule: layer)
        }
    }
}
