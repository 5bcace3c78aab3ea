import Graph
import Tensors

/// Where a weight of a network layer comes from.
enum WeightSource: Sendable {
    /// The n-th weight the file stores for the Keras layer.
    case stored(Int)
    /// The layer's configuration.
    case given(Tensor)
}

/// One network layer of those a Keras layer becomes.
struct LayerStage: Sendable {
    /// What a stage can read.
    enum Source: Sendable {
        /// An input of the Keras layer's call.
        case input(Int)
        /// The output of an earlier stage.
        case stage(Int)
    }

    /// What it reads; nil for the stage before, and for the first stage all inputs of the call.
    var reads: [Source]?
    /// What follows the Keras layer's name and a slash; nil for the name alone.
    var suffix: String?
    var kind: LayerKind
    var weights: [WeightSource]
    /// Whether the file stores the kernel, the first weight, without the axis of height that the network gives it.
    var isKernelOfSequence = false

    init(_ kind: LayerKind, suffix: String? = nil, stored: Range<Int> = 0..<0) {
        self.kind = kind
        self.suffix = suffix
        weights = stored.map { .stored($0) }
    }

    /// The positions of the weights that come from the file.
    var storedWeights: [Int] {
        weights.compactMap { if case .stored(let position) = $0 { position } else { nil } }
    }
}

/// A Keras layer as the house executes it: one or more network layers, mostly in a row.
struct LoweredLayer: Sendable {
    var stages: [LayerStage]
    /// How many weights the file must store; more than the stages use where one is only kept.
    var storedWeightCount: Int

    init(_ stages: [LayerStage], storedWeightCount: Int? = nil) {
        self.stages = stages
        self.storedWeightCount =
            storedWeightCount ?? stages.reduce(0) { $0 + $1.storedWeights.count }
    }

    /// The number of axes of the output for one sample.
    func outputRank(_ inputRanks: [Int]) -> Int {
        stages.reduce(inputRanks.max() ?? 0) { rank, stage in
            switch stage.kind {
            case .input(let input): input.shape.rank
            case .flatten: 1
            case .reshape(let reshape): reshape.target.count
            case .globalPooling2D(let pooling): pooling.keepsDimensions ? 3 : 1
            case .heightAxis(.inserted): rank + 1
            case .heightAxis(.removed): rank - 1
            case .convolution2D, .depthwiseConvolution2D, .dense, .batchNormalization,
                .activation, .pooling2D, .dropout, .zeroPadding2D, .merge, .concatenate,
                .rescaling, .normalization, .layerNormalization, .groupNormalization,
                .channelScale, .parametricReLU, .channelFunction, .transposedConvolution2D,
                .upsampling2D, .cropping2D, .permute:
                rank
            }
        }
    }

    /// For each stored weight, whether gradient training changes it: Keras' order of a nested model's weights asks.
    var storedTrainability: [Bool] {
        var trainability = [Bool](repeating: false, count: storedWeightCount)
        for stage in stages {
            for (index, source) in stage.weights.enumerated() {
                guard case .stored(let position) = source else { continue }
                switch stage.kind {
                case .batchNormalization(let layer):
                    trainability[position] = index < layer.movingMeanIndex
                case .normalization: trainability[position] = false
                case .input, .convolution2D, .depthwiseConvolution2D, .dense, .activation,
                    .pooling2D, .globalPooling2D, .flatten, .reshape, .dropout, .zeroPadding2D,
                    .merge, .concatenate, .rescaling, .layerNormalization, .groupNormalization,
                    .channelScale, .parametricReLU, .channelFunction, .transposedConvolution2D,
                    .upsampling2D, .cropping2D, .permute, .heightAxis:
                    trainability[position] = true
                }
            }
        }
        return trainability
    }
}
