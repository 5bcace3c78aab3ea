import Graph
import Tensors

extension [[[Tensor]]] {
    /// An optimiser's moments of a network of which only some units stay: each is cut as its weight is.
    func keeping(
        _ kept: KeptUnits,
        of analysis: CouplingAnalysis,
        in network: Network
    ) throws(CompressionError) -> [[[Tensor]]] {
        var result: [[[Tensor]]] = map { $0.map { _ in [] } }
        let most = joined().map(\.count).max() ?? 0
        for moment in 0..<most {
            var carrier = network
            for (layer, weights) in enumerated() {
                for (index, own) in weights.enumerated() where own.count > moment {
                    carrier.setWeight(own[moment], layer: layer, index: index)
                }
            }
            let cut = try carrier.cut(to: kept, of: analysis)
            for (layer, weights) in enumerated() {
                for (index, own) in weights.enumerated() where own.count > moment {
                    result[layer][index].append(cut.layers[layer].weights[index])
                }
            }
        }
        return result
    }
}
