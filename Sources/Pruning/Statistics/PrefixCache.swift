import Datasets
import Engine
import Graph
import Tensors

/// Values of a network's nodes for the batches of some samples, kept while memory lasts.
///
/// A walk from front to back that keeps what later nodes read computes every node once instead of once per stop; batches
/// that do not fit are computed from the input again, with the same bits.
struct PrefixCache {
    let samples: SampleSet
    let batchSize: Int
    /// The most bytes that kept values may take.
    let limit: Int
    private var known: [[Int: Tensor]]
    private var held = 0

    /// Activations that are kept between the steps of a stage may take this many bytes.
    static let defaultLimit = 512 << 20

    init(samples: SampleSet, batchSize: Int, limit: Int = Self.defaultLimit) {
        self.samples = samples
        self.batchSize = batchSize
        self.limit = limit
        known = chunks(of: batchSize, covering: samples.count).map { _ in [:] }
    }

    var batches: [Range<Int>] { chunks(of: batchSize, covering: samples.count) }

    /// The values of wanted nodes for one batch; keeps those that the next visits start from.
    ///
    /// - Parameters:
    ///   - wanted: The nodes.
    ///   - kept: The nodes to be kept; their values must not change before the next visit.
    ///   - batch: The number of the batch.
    ///   - network: The network; nodes kept earlier are not computed again.
    /// - Returns: The values of wanted and kept nodes.
    mutating func values(
        of wanted: [Int],
        keeping kept: [Int],
        batch: Int,
        in network: Network
    ) -> [Int: Tensor] {
        let inference = Inference(network)
        let all = Set(wanted).union(kept).sorted()
        let range = batches[batch]
        let before = known[batch]
        let calls = inference.calls(for: all, known: Set(before.keys))
        let needsInput = calls.contains { network.inputs.contains($0) }
        let inputs = needsInput ? [samples.batch(Array(range))] : []
        let values = inference.values(of: all, inputs: inputs, known: before)
        let next = values.filter { kept.contains($0.key) }
        let bytes = Self.bytes(of: next)
        held -= Self.bytes(of: before)
        known[batch] = held + bytes <= limit ? next : [:]
        held += Self.bytes(of: known[batch])
        return values
    }

    /// Whether the values of these nodes can be kept for all samples.
    func canHold(_ nodes: [Int], of network: Network) -> Bool {
        4 * samples.count * nodes.reduce(0) { $0 + network.shapes[$1].count } <= limit
    }

    private static func bytes(of values: [Int: Tensor]) -> Int {
        values.values.reduce(0) { $0 + 4 * $1.count }
    }
}

extension Network {
    /// The nodes before the given one whose values it or later nodes read.
    func frontier(before node: Int) -> [Int] {
        readers.enumerated().filter { index, readers in
            index < node && readers.contains { $0 >= node }
        }.map(\.offset)
    }

    /// The multiply-accumulates of each node for one sample.
    var macsOfNodes: [Int] {
        nodes.indices.map { index in
            let layer = layer(of: index)
            let uses = layer.kind.rule.uses(
                inputs: inputShapes(of: index),
                output: shapes[index]
            )
            return zip(layer.weights, uses).reduce(0) { $0 + $1.0.count * $1.1 }
        }
    }
}
