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

    /// The rounds of a measurement, of which the median counts.
    private static let rounds = 9
    /// A round repeats what is timed for at least so long: a single pass of a small network says more of the clock and of
    /// the caches' mood than of the network, and the fastest of some is one that no user sees.
    private static let roundSeconds = 0.01

    /// Times a network on a batch; nanoseconds of one sample.
    static func time(_ network: Network, on batch: Tensor, clock: () -> Double) -> Int {
        let inference = Inference(network)
        let seconds = median(clock) {
            _ = inference.values(of: network.outputs, inputs: [batch])
        }
        return max(1, Int(seconds * 1e9 / Double(max(batch.shape[0], 1))))
    }

    private static func median(_ clock: () -> Double, _ body: () -> Void) -> Double {
        body()
        var times: [Double] = []
        for _ in 0..<rounds {
            let start = clock()
            var (passes, elapsed) = (0.0, 0.0)
            while passes == 0 || elapsed < roundSeconds, passes < mostPasses {
                body()
                passes += 1
                elapsed = clock() - start
            }
            times.append(elapsed / passes)
        }
        return times.sorted()[rounds / 2]
    }

    /// A clock that stands still ends a round all the same.
    private static let mostPasses = 100_000.0

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
            let seconds = Self.median(clock) {
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
