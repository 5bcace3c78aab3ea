import Graph
import Tensors

/// Where a layer's constant goes.
enum BiasPlace: Equatable {
    /// Its own bias.
    case bias
    /// The moving mean of the BatchNorm layer that alone reads it: `mean' = mean - b`.
    case movingMean(layer: Int, index: Int)
    /// Nowhere: only widths and weights of a file are edited, so no array can be added.
    case none

    init(of call: Int, in network: Network) {
        if network.layer(of: call).weights.count > 1 {
            self = .bias
            return
        }
        self = .none
        let readers = network.readers[call]
        guard readers.count == 1 else { return }
        let layer = network.nodes[readers[0]].layer
        if case .batchNormalization(let kind) = network.layers[layer].kind,
            network.calls[layer].count == 1
        {
            self = .movingMean(layer: layer, index: kind.movingMeanIndex)
        }
    }

    func put(_ bias: [Double], in network: inout Network, layer: Int) {
        switch self {
        case .none: break
        case .bias:
            network.setWeight(
                Tensor([bias.count], values: bias.map(Float.init)),
                layer: layer,
                index: 1
            )
        case .movingMean(let norm, let index):
            network.updateWeight(layer: norm, index: index) { mean in
                for channel in bias.indices { mean[channel] -= Float(bias[channel]) }
            }
        }
    }
}

/// The other summands of the Add that a layer's output goes into, straight or through one BatchNorm.
struct Shortcut {
    /// Their nodes, all before the layer's own.
    let others: [Int]
    /// For each output channel, what a difference behind the BatchNorm is before it.
    let scale: [Double]

    init?(of call: Int, in network: Network) {
        let readers = network.readers
        guard readers[call].count == 1 else { return nil }
        var node = readers[call][0]
        var scale = [Double](repeating: 1, count: network.shapes[call].channels)
        if case .batchNormalization(let kind) = network.layer(of: node).kind {
            guard let inverse = Self.inverse(of: kind, weights: network.layer(of: node).weights),
                readers[node].count == 1
            else { return nil }
            scale = inverse
            node = readers[node][0]
        }
        guard case .merge(let merge) = network.layer(of: node).kind, merge.operation == .add
        else { return nil }
        others = network.nodes[node].inputs.filter { $0 < call }
        guard !others.isEmpty,
            others.allSatisfy({ network.shapes[$0] == network.shapes[call] })
        else { return nil }
        self.scale = scale
    }

    /// `sqrt(variance + epsilon) / gamma`; nil where a gamma is next to nothing.
    private static func inverse(of kind: BatchNormalization, weights: [Tensor]) -> [Double]? {
        let variance = weights[kind.movingMeanIndex + 1]
        return (0..<variance.count).map { channel in
            let deviation = (Double(variance[channel]) + Double(kind.epsilon)).squareRoot()
            let gamma = kind.scales ? Double(weights[0][channel]) : 1
            // A branch that BatchNorm all but mutes cannot make good what another lacks.
            return abs(gamma) > 1e-2 * deviation ? deviation / gamma : 0
        }
    }
}
