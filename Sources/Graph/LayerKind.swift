import Tensors

/// Every kind of layer the house can execute; a switch over it finds what a new kind still lacks.
public enum LayerKind: Hashable, Sendable {
    /// Where samples enter.
    case input(InputLayer)
    /// A two-dimensional convolution.
    case convolution2D(Convolution2D)
    /// A convolution of each channel by itself.
    case depthwiseConvolution2D(DepthwiseConvolution2D)
    /// A matrix product over the last axis.
    case dense(Dense)
    /// Normalization by batch statistics.
    case batchNormalization(BatchNormalization)
    /// An elementwise function, or softmax.
    case activation(Activation)
    /// Pooling over windows.
    case pooling2D(Pooling2D)
    /// Pooling over the whole image.
    case globalPooling2D(GlobalPooling2D)
    /// All axes into one.
    case flatten(Flatten)
    /// Another shape of equal count.
    case reshape(Reshape)
    /// Noise in training, nothing otherwise.
    case dropout(Dropout)
    /// A border of zeros.
    case zeroPadding2D(ZeroPadding2D)
    /// An elementwise sum or product of several inputs.
    case merge(Merge)
    /// Several inputs side by side.
    case concatenate(Concatenate)
    /// A fixed scale and offset.
    case rescaling(Rescaling)
    /// A fixed normalization by stored statistics.
    case normalization(Normalization)

    /// The rule of this kind.
    public var rule: any LayerRule {
        switch self {
        case .input(let rule): rule
        case .convolution2D(let rule): rule
        case .depthwiseConvolution2D(let rule): rule
        case .dense(let rule): rule
        case .batchNormalization(let rule): rule
        case .activation(let rule): rule
        case .pooling2D(let rule): rule
        case .globalPooling2D(let rule): rule
        case .flatten(let rule): rule
        case .reshape(let rule): rule
        case .dropout(let rule): rule
        case .zeroPadding2D(let rule): rule
        case .merge(let rule): rule
        case .concatenate(let rule): rule
        case .rescaling(let rule): rule
        case .normalization(let rule): rule
        }
    }

    /// This kind with its settings after surgery; see ``LayerRule/resized(outputChannels:weights:)``.
    func resized(outputChannels: Int, weights: [Tensor]) -> LayerKind {
        switch self {
        case .convolution2D(let rule):
            .convolution2D(rule.resized(outputChannels: outputChannels, weights: weights))
        case .dense(let rule):
            .dense(rule.resized(outputChannels: outputChannels, weights: weights))
        case .reshape(let rule):
            .reshape(rule.resized(outputChannels: outputChannels, weights: weights))
        case .input, .depthwiseConvolution2D, .batchNormalization, .activation, .pooling2D,
            .globalPooling2D, .flatten, .dropout, .zeroPadding2D, .merge, .concatenate, .rescaling,
            .normalization:
            self
        }
    }
}
