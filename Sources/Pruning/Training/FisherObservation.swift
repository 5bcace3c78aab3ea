import Engine
import Graph
import Tensors

/// Fisher information of masks on a network's units, added up over the batches it trains on.
///
/// Source: Liu et al. 2021, "Group Fisher Pruning", arXiv:2108.00708, algorithm 2.
struct FisherObservation {
    private var masks: MaskDerivatives
    /// For each group, for each unit, the sum over samples of the squared derivative.
    private(set) var sums: [[Double]]

    init(of groups: [CoupledGroup], in network: Network) {
        masks = MaskDerivatives(of: groups, in: network)
        sums = groups.map { [Double](repeating: 0, count: $0.width) }
    }

    var calls: Set<Int> { masks.calls }

    mutating func begin(samples: Int) { masks.begin(samples: samples) }

    mutating func observe(_ call: Int, _ input: Tensor, _ gradient: Tensor) {
        masks.observe(call, input, gradient)
    }

    mutating func end() { masks.add(to: &sums) { $0 * $0 } }
}

extension [[[Tensor]]] {
    /// An optimiser's moments of a network of which only some units stay: each is cut as its weight is.
    func keeping(
        _ kept: KeptUnits,
        of analysis: CouplingAnalysis,
        in network: Network
    ) throws(GraphError) -> [[[Tensor]]] {
        var result: [[[Tensor]]] = map { $0.map { _ in [] } }
        let most = joined().map(\.count).max() ?? 0
        for moment in 0..<most {
            var carrier = network
            for (layer, weights) in enumerated() {
                for (index, own) in weights.enumerated() where own.count > moment {
                    carrier.setWeight(own[moment], layer: layer, index: index)
                }
            }
            let cut = try carrier.keeping(kept, of: analysis)
            for (layer, weights) in enumerated() {
                for (index, own) in weights.enumerated() where own.count > moment {
                    result[layer][index].append(cut.layers[layer].weights[index])
                }
            }
        }
        return result
    }
}
