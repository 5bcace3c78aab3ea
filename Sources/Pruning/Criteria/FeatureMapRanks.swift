import Datasets
import Engine
import Graph
import Tensors

/// What units are worth by the rank of their feature maps: a map of low rank says little that others do not.
///
/// Source: Lin et al. 2020, "HRank: Filter Pruning using High-Rank Feature Map", arXiv:2002.10179.
///   Differs: maps are taken where they are read, after the activation; where a group is read in several places, as
///   along a residual stage, the mean ranks are added up. Maps of one row or one column, as behind global pooling, have
///   no rank to speak of: the share of their elements that are not zero takes its place.
public struct FeatureMapRanks: Sendable, Hashable {
    /// For each group, for each unit, the mean rank over the samples, summed over the places it is read; the smallest
    /// goes first.
    public let scores: [[Double]]

    /// Measures all groups in one pass over the samples.
    ///
    /// - Parameters:
    ///   - network: The network, as users run it.
    ///   - groups: Its groups.
    ///   - samples: What it is shown; of very large maps only the first samples count.
    ///   - batchSize: Samples at a time.
    public init(network: Network, groups: [CoupledGroup], samples: SampleSet, batchSize: Int) {
        let reads = groups.map { ChannelRead.all(of: $0, in: network) }
        let nodes = Set(reads.joined().map(\.node)).sorted()
        let limits = nodes.map { Self.sampleLimit(network.shapes[$0]) }
        var sums = nodes.map { [Double](repeating: 0, count: network.shapes[$0].channels) }
        let inference = Inference(network)
        for range in chunks(of: batchSize, covering: samples.count) {
            let wanted = nodes.indices.filter { range.lowerBound < limits[$0] }
            guard !wanted.isEmpty else { break }
            let values = inference.values(
                of: wanted.map { nodes[$0] },
                inputs: [samples.batch(Array(range))]
            )
            for index in wanted {
                guard let value = values[nodes[index]] else { continue }
                let count = min(range.count, limits[index] - range.lowerBound)
                let ranks = Self.ranks(of: value, samples: count)
                for channel in ranks.indices { sums[index][channel] += ranks[channel] }
            }
        }
        let means = zip(limits, sums).map { limit, sums in
            sums.map { $0 / Double(max(1, min(limit, samples.count))) }
        }
        let meansOfNodes = Dictionary(uniqueKeysWithValues: zip(nodes, means))
        scores = zip(groups, reads).map { group, reads in
            (0..<group.width).map { unit in
                reads.reduce(0) { sum, read in
                    let means = meansOfNodes[read.node] ?? []
                    return read.channels[unit].reduce(sum) { $0 + means[$1] }
                }
            }
        }
    }

    /// The multiply-accumulates that ranks of one value may take.
    private static let affordable = 4_000_000_000
    /// However large the maps are, so many samples count.
    private static let fewest = 16

    private static func sampleLimit(_ shape: Shape) -> Int {
        guard shape.rank == 3 else { return .max }
        let shortest = min(shape[0], shape[1])
        return max(fewest, affordable / max(1, shape.count * shortest))
    }

    /// For each channel, the sum of the ranks of its maps over the first samples of a batch.
    private static func ranks(of value: Tensor, samples: Int) -> [Double] {
        let channels = value.shape.channels
        let results = ResultsInOrder<[Double]>(count: samples)
        ThreadPool.shared.forEach(samples) { sample in
            results.store(sample, (0..<channels).map { rank(of: value, sample, channel: $0) })
        }
        var sums = [Double](repeating: 0, count: channels)
        for sample in 0..<samples {
            for (channel, rank) in (results.load(sample) ?? []).enumerated() {
                sums[channel] += rank
            }
        }
        return sums
    }

    private static func rank(of value: Tensor, _ sample: Int, channel: Int) -> Double {
        let shape = value.shape.withoutBatch
        let pixels = shape.count / shape.channels
        let start = sample * shape.count + channel
        var map = (0..<pixels).map { Double(value[start + $0 * shape.channels]) }
        guard shape.rank == 3, shape[0] > 1, shape[1] > 1 else {
            return Double(map.count { $0 != 0 }) / Double(pixels)
        }
        let (height, width) = (shape[0], shape[1])
        if height > width {
            // Fewer, longer vectors are less work.
            let rows = map
            map = (0..<pixels).map { rows[$0 % height * width + $0 / height] }
        }
        return Double(NumericRank.rank(of: map, length: max(height, width)))
    }
}
