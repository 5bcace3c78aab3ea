import Graph
import Tensors

/// Pools BatchNorm moments over batches, exactly: the variance between batches counts too.
public struct PooledMoments: Sendable {
    private var count = 0.0
    private var mean: [Double] = []
    private var squares: [Double] = []

    /// Makes an empty pool.
    public init() {}

    /// Adds one batch.
    ///
    /// Source: Chan, Golub, LeVeque 1979, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances".
    public mutating func add(_ batch: BatchMoments) {
        let added = Double(batch.count)
        if mean.isEmpty {
            mean = [Double](repeating: 0, count: batch.mean.count)
            squares = mean
        }
        let total = count + added
        for channel in mean.indices {
            let difference = batch.mean[channel] - mean[channel]
            mean[channel] += difference * added / total
            squares[channel] +=
                batch.variance[channel] * added + difference * difference * count * added / total
        }
        count = total
    }

    /// The mean and the variance of all values seen.
    public var moments: (mean: [Double], variance: [Double]) {
        (mean, squares.map { $0 / Swift.max(count, 1) })
    }
}

extension Network {
    /// Replaces the moving statistics of trainable BatchNorm layers by those of the given batches.
    ///
    /// Every layer sees inputs normalized by batch statistics, as in training; one pass serves all layers.
    ///
    /// - Parameters:
    ///   - batches: The number of batches.
    ///   - wanted: The nodes that must be reached; layers before known values keep their statistics.
    ///   - batch: Gives each batch's inputs and the values known already; see ``Inference``.
    public mutating func reestimateBatchNorm(
        over batches: Int,
        reaching wanted: [Int]? = nil,
        batch: (Int) -> (inputs: [Tensor], known: [Int: Tensor])
    ) {
        var pools: [Int: PooledMoments] = [:]
        let inference = Inference(self)
        for index in 0..<batches {
            let (inputs, known) = batch(index)
            _ = inference.values(of: wanted ?? outputs, inputs: inputs, known: known) {
                layer,
                moments in
                pools[layer, default: PooledMoments()].add(moments)
            }
        }
        for (layer, pool) in pools {
            guard case .batchNormalization(let kind) = layers[layer].kind else { continue }
            let (mean, variance) = pool.moments
            let shape = Shape([mean.count])
            setWeight(
                Tensor(shape, values: mean.map(Float.init)),
                layer: layer,
                index: kind.movingMeanIndex
            )
            setWeight(
                Tensor(shape, values: variance.map(Float.init)),
                layer: layer,
                index: kind.movingMeanIndex + 1
            )
        }
    }
}
