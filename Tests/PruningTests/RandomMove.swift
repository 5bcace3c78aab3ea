import Graph
import Tensors

/// One way in which a random network grows.
enum RandomMove: String, CaseIterable, Sendable {
    case convolution, groupedConvolution, depthwise, separable, transposedConvolution, densePixels
    case batchNormalization, channelScale, groupNormalization, layerNormalization
    case activation, parametricReLU, sigmoid, gatedLinearUnit, softmax
    case maximumPooling, averagePooling, upsampling, zeroPadding, cropping, dropout, rescaling
    case identityResidual, projectionResidual, merge
    case squeezeByDense, squeezeByConvolution, spatialGate, broadcastSum
    case concatenateChannels, concatenateRows, concatenateItself
    case sharedConvolution, sharedNormalization, sharedModel
    case permutePixels, permuteChannels, reshapePixels, reshapeChannels

    /// Whether the move can start from an image of this shape and leaves one that is not too large.
    func fits(_ shape: Shape) -> Bool {
        let pixels = shape[0] * shape[1]
        switch self {
        case .maximumPooling, .averagePooling: return shape[1] >= 4
        case .cropping: return shape[1] >= 5
        case .zeroPadding: return pixels <= 64
        case .upsampling, .transposedConvolution, .concatenateRows: return pixels <= 40
        case .depthwise, .concatenateChannels, .concatenateItself: return shape.channels <= 12
        case .gatedLinearUnit: return shape.channels % 2 == 0 && shape.channels >= 4
        case .permuteChannels, .reshapeChannels: return pixels <= 64 && shape.channels <= 8
        default: return true
        }
    }
}

extension RandomNetwork {
    /// Makes a move from an image, and gives the image behind it.
    mutating func make(_ move: RandomMove, from node: Int) throws -> Int {
        switch move {
        case .convolution: try convolution(node, filters: pick(2...7))
        case .groupedConvolution: try groupedConvolution(node)
        case .depthwise: try depthwise(node)
        case .separable: try convolution(depthwise(node), filters: pick(2...6), size: 1)
        case .transposedConvolution: try transposedConvolution(node)
        case .densePixels:
            try add(.dense(Dense(units: pick(2...6), usesBias: chance(1, of: 2))), [node])
        case .batchNormalization, .channelScale, .groupNormalization, .layerNormalization,
            .activation, .parametricReLU, .sigmoid, .gatedLinearUnit, .softmax, .dropout,
            .rescaling:
            try add(pixelwise(move, channels: shapes[node].channels), [node])
        case .maximumPooling, .averagePooling, .upsampling, .zeroPadding, .cropping, .permutePixels,
            .permuteChannels, .reshapePixels, .reshapeChannels:
            try add(rearrangement(move, of: shapes[node]), [node])
        default: try join(move, from: node)
        }
    }

    /// A convolution of a random window.
    mutating func convolution(
        _ node: Int,
        filters: Int,
        size: Int? = nil,
        stride: Int = 1,
        groups: Int = 1
    ) throws -> Int {
        let size = size ?? one(of: [1, 3, 3, 2])
        let canBeValid = shapes[node][0] >= size + 1 && shapes[node][1] >= size + 1
        let isStrided = stride > 1 || size == 1
        let window = SlidingWindow(
            size: Size2D(size, size),
            strides: Size2D(stride, stride),
            dilation: isStrided || !chance(1, of: 5) ? .one : Size2D(2, 1),
            padding: canBeValid && stride == 1 && size == 2 ? .valid : .same
        )
        let kind = Convolution2D(
            filters: filters,
            window: window,
            groups: groups,
            usesBias: chance(1, of: 2)
        )
        return try add(.convolution2D(kind), [node])
    }

    /// A grouped convolution, behind a plain one where the channels do not divide.
    private mutating func groupedConvolution(_ node: Int) throws -> Int {
        let groups = pick(2...4)
        var start = node
        if shapes[node].channels % groups != 0 {
            start = try convolution(node, filters: groups * pick(1...2))
        }
        return try convolution(start, filters: groups * pick(1...3), groups: groups)
    }

    private mutating func depthwise(_ node: Int) throws -> Int {
        let multiplier = shapes[node].channels <= 6 ? pick(1...3) : 1
        let stride = shapes[node][1] >= 4 && chance(1, of: 3) ? 2 : 1
        let window = SlidingWindow(
            size: Size2D(3, 3),
            strides: Size2D(stride, stride),
            padding: .same
        )
        let kind = DepthwiseConvolution2D(
            window: window,
            multiplier: multiplier,
            usesBias: chance(1, of: 2)
        )
        return try add(.depthwiseConvolution2D(kind), [node])
    }

    private mutating func transposedConvolution(_ node: Int) throws -> Int {
        let (size, stride) = one(of: [(2, 2), (3, 2), (3, 1), (4, 2)])
        let window = SlidingWindow(
            size: Size2D(size, size),
            strides: Size2D(stride, stride),
            padding: one(of: [.same, .valid])
        )
        let kind = TransposedConvolution2D(
            filters: pick(2...5),
            window: window,
            usesBias: chance(1, of: 2)
        )
        return try add(.transposedConvolution2D(kind), [node])
    }

    /// A layer that leaves height and width as they are and needs one input.
    private mutating func pixelwise(_ move: RandomMove, channels: Int) -> LayerKind {
        let (scales, centers) = (chance(3, of: 4), chance(3, of: 4))
        switch move {
        case .batchNormalization:
            return .batchNormalization(BatchNormalization(scales: scales, centers: centers))
        case .channelScale: return .channelScale(ChannelScale())
        case .groupNormalization:
            let divisors = (1...channels).filter { channels % $0 == 0 }
            return .groupNormalization(
                GroupNormalization(
                    groups: one(of: divisors),
                    epsilon: 0.1,
                    scales: scales,
                    centers: centers
                )
            )
        case .layerNormalization: return .layerNormalization(LayerNormalization(epsilon: 0.1))
        case .parametricReLU:
            return .parametricReLU(
                ParametricReLU(sharedAxes: one(of: [[], [0, 1], [2], [0, 1, 2]]))
            )
        case .gatedLinearUnit: return .channelFunction(.gatedLinearUnit)
        case .softmax: return .activation(.softmax)
        case .dropout: return .dropout(Dropout(rate: 0.3))
        case .rescaling:
            let scale = chance(1, of: 3) ? (0..<channels).map { 0.5 + Float($0) / 8 } : [0.7]
            return .rescaling(Rescaling(scale: scale))
        case .sigmoid:
            keepsZeros = false
            return .activation(one(of: [.sigmoid, .hardSigmoid(), .softplus]))
        default:
            return .activation(
                one(of: [
                    .relu(), .relu(), .relu(slope: 0.1), .relu(maximum: 6), .tanh, .elu(), .selu,
                    .silu, .hardSilu, .gelu(), .gelu(isApproximate: true), .softsign, .linear,
                ])
            )
        }
    }

    /// A layer without weights that moves pixels.
    private mutating func rearrangement(_ move: RandomMove, of shape: Shape) -> LayerKind {
        let border = Border(top: 0, bottom: shape[0] > 2 ? 1 : 0, left: 1, right: pick(0...1))
        let height = shape[0] >= 4 ? 2 : 1
        let window = SlidingWindow(
            size: Size2D(height, pick(2...3)),
            strides: Size2D(height, 2),
            padding: one(of: [.same, .valid])
        )
        switch move {
        case .maximumPooling: return .pooling2D(Pooling2D(.maximum, window: window))
        case .averagePooling: return .pooling2D(Pooling2D(.average, window: window))
        case .upsampling:
            return .upsampling2D(
                Upsampling2D(factor: Size2D(1, 2), interpolation: one(of: [.nearest, .bilinear]))
            )
        case .zeroPadding: return .zeroPadding2D(ZeroPadding2D(border: border))
        case .cropping: return .cropping2D(Cropping2D(border: border))
        case .permutePixels: return .permute(Permute(order: [1, 0, 2]))
        case .permuteChannels: return .permute(Permute(order: [0, 2, 1]))
        case .reshapePixels: return .reshape(Reshape(target: [1, -1, shape.channels]))
        default: return .reshape(Reshape(target: [shape[0], shape.channels, shape[1]]))
        }
    }
}
