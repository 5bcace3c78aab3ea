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
    /// An elementwise combination of several inputs.
    case merge(Merge)
    /// Several inputs side by side.
    case concatenate(Concatenate)
    /// A fixed scale and offset.
    case rescaling(Rescaling)
    /// A fixed normalization by stored statistics.
    case normalization(Normalization)
    /// Normalization of each pixel over its channels.
    case layerNormalization(LayerNormalization)
    /// Normalization of each sample over groups of channels.
    case groupNormalization(GroupNormalization)
    /// A learned factor per channel.
    case channelScale(ChannelScale)
    /// A rectifier with a learned slope below zero.
    case parametricReLU(ParametricReLU)
    /// A function of all channels of a pixel at once, beside softmax.
    case channelFunction(ChannelFunction)
    /// The adjoint of a two-dimensional convolution.
    case transposedConvolution2D(TransposedConvolution2D)
    /// An image enlarged by whole factors.
    case upsampling2D(Upsampling2D)
    /// Rows and columns taken away from the border.
    case cropping2D(Cropping2D)
    /// The axes in another order.
    case permute(Permute)
    /// A sequence as an image of one row, or back.
    case heightAxis(HeightAxis)

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
        case .layerNormalization(let rule): rule
        case .groupNormalization(let rule): rule
        case .channelScale(let rule): rule
        case .parametricReLU(let rule): rule
        case .channelFunction(let rule): rule
        case .transposedConvolution2D(let rule): rule
        case .upsampling2D(let rule): rule
        case .cropping2D(let rule): rule
        case .permute(let rule): rule
        case .heightAxis(let rule): rule
        }
    }

    /// This kind with its settings after surgery; see ``LayerRule/resized(from:to:)``.
    func resized(from before: Int, to after: Int) -> LayerKind {
        switch self {
        case .convolution2D(let rule): .convolution2D(rule.resized(from: before, to: after))
        case .transposedConvolution2D(let rule):
            .transposedConvolution2D(rule.resized(from: before, to: after))
        case .dense(let rule): .dense(rule.resized(from: before, to: after))
        case .reshape(let rule): .reshape(rule.resized(from: before, to: after))
        case .groupNormalization(let rule):
            .groupNormalization(rule.resized(from: before, to: after))
        case .input, .depthwiseConvolution2D, .batchNormalization, .activation, .pooling2D,
            .globalPooling2D, .flatten, .dropout, .zeroPadding2D, .merge, .concatenate, .rescaling,
            .normalization, .layerNormalization, .channelScale, .parametricReLU, .channelFunction,
            .upsampling2D, .cropping2D, .permute, .heightAxis:
            self
        }
    }
}
