import Datasets
import Engine
import Graph
import Tensors

/// The error of removing units of one group, summed over its consumers, each as a share of its own variance.
struct GroupObjective: Sendable {
    /// With the removed channels' means folded into the bias (METHODS identity 2).
    var centred: QuadraticObjective
    /// Without (identity 1).
    var raw: QuadraticObjective
}

/// Gathers the statistics of consumers' inputs over calibration samples (METHODS section 0).
struct GroupStatistics {
    let network: Network
    let samples: SampleSet
    let batchSize: Int

    /// Rows enough for a covariance of this many columns, and no more than needed.
    static func wantedRows(depth: Int) -> Int { max(8 * depth, 8192) }

    /// A covariance with more columns would cost more memory and time than it brings; channels are then sampled.
    static let largestDepth = 4608

    /// The objective of one group, or nil where no consumer has patches.
    func objective(of group: CoupledGroup) -> GroupObjective? {
        var centred = SquareMatrix(size: group.width)
        var raw = SquareMatrix(size: group.width)
        var isMeasured = false
        for slice in group.consumerSlices {
            guard let call = network.nodes.firstIndex(where: { $0.layer == slice.place.layer }),
                let rows = rows(of: call), rows.count > 1
            else { continue }
            let kernel = network.layers[slice.place.layer].weights[slice.place.weight]
            let part = ConsumerError(rows: rows, kernel: kernel, axis: slice.place.axis, slice)
            guard part.variance > 0 else { continue }
            isMeasured = true
            for index in centred.values.indices {
                centred.values[index] += part.centred.values[index] / part.variance
                raw.values[index] += part.raw.values[index] / part.variance
            }
        }
        guard isMeasured else { return nil }
        return GroupObjective(
            centred: QuadraticObjective(centred),
            raw: QuadraticObjective(raw)
        )
    }

    private func rows(of call: Int) -> PatchRows? {
        let shape = network.shapes[call]
        let depth = network.layer(of: call).weights[0].count / max(shape.channels, 1)
        let pixels = shape.count / max(shape.channels, 1) * samples.count
        let step = PatchRows.step(
            toTake: Self.wantedRows(depth: min(depth, 1024)),
            of: pixels
        )
        let whole = samples.values(
            at: network.nodes[call].inputs[0],
            of: network,
            batchSize: batchSize
        )
        return PatchRows(of: network.layer(of: call).kind, input: whole, step: step)
    }
}

extension SampleSet {
    /// The value of one node for every sample, computed batch by batch.
    func values(at node: Int, of network: Network, batchSize: Int) -> Tensor {
        let inference = Inference(network)
        var values: [Float] = []
        for range in chunks(of: batchSize, covering: count) {
            let batch = batch(Array(range))
            values += inference.values(of: [node], inputs: [batch])[node]?.values ?? []
        }
        return Tensor(network.shapes[node].batched(count), values: values)
    }
}
