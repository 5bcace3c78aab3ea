import Engine
import Graph
import Tensors

/// How long a forward pass takes as a function of the widths: the measured time of every layer, shrunk with its kernel.
///
/// A model only: what it says of an allocation is checked by timing the cut network.
struct LatencyModel: Sendable, Codable, Hashable {
    /// Nanoseconds of one sample through the whole network.
    var whole: Int
    /// Nanoseconds that each layer takes of them, with the weightless layers behind it.
    var layers: [Double]

    /// The rounds of a measurement, of which the fastest counts: anything else on the machine only adds.
    private static let rounds = 9

    /// Times a network on a batch; nanoseconds of one sample.
    static func time(_ network: Network, on batch: Tensor, clock: () -> Double) -> Int {
        let inference = Inference(network)
        let seconds = fastest(clock) {
            _ = inference.values(of: network.outputs, inputs: [batch])
        }
        return max(1, Int(seconds * 1e9 / Double(max(batch.shape[0], 1))))
    }

    private static func fastest(_ clock: () -> Double, _ body: () -> Void) -> Double {
        body()
        var best = Double.infinity
        for _ in 0..<rounds {
            let start = clock()
            body()
            best = min(best, clock() - start)
        }
        return best
    }

    /// Times the network and each of its nodes on a batch.
    init(_ network: Network, on batch: Tensor, clock: () -> Double) {
        whole = Self.time(network, on: batch, clock: clock)
        layers = [Double](repeating: 0, count: network.layers.count)
        let inference = Inference(network)
        var values: [Int: Tensor] = [:]
        var owners: [Int] = []
        for (index, node) in network.nodes.enumerated() {
            let isWeighted = !network.layers[node.layer].weights.isEmpty
            let behind = node.inputs.first.map { owners[$0] } ?? node.layer
            owners.append(isWeighted ? node.layer : behind)
            let known = values.filter { node.inputs.contains($0.key) }
            let inputs = node.inputs.isEmpty ? [batch] : []
            let seconds = Self.fastest(clock) {
                _ = inference.values(of: [index], inputs: inputs, known: known)
            }
            layers[owners[index]] += seconds
            values.merge(inference.values(of: [index], inputs: inputs, known: known)) { $1 }
        }
        // Parts timed alone add up to more than the whole: each gets its share.
        let sum = max(layers.reduce(0, +), .leastNormalMagnitude)
        layers = layers.map { $0 / sum * Double(whole) }
    }

    /// Nanoseconds of one sample when each layer's kernel has the given share left.
    func nanoseconds(_ shares: [Double]) -> Int {
        Int(zip(layers, shares).reduce(0) { $0 + $1.0 * $1.1 })
    }
}
