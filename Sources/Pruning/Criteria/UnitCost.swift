import Graph
import Tensors

/// What the network gets cheaper by when one more unit of a group goes.
public struct UnitCost: Sendable {
    private let normalisation: FisherNormalisation
    private let model: CostModel
    private let elements: [Int]

    /// Prepares the costs of a network's groups.
    public init(_ normalisation: FisherNormalisation, network: Network, groups: [CoupledGroup]) {
        self.normalisation = normalisation
        model = CostModel(network, groups: groups)
        let calls = network.calls
        elements = groups.map { group in
            group.slices.reduce(0) { sum, slice in
                let weight = network.layers[slice.place.layer].weights[slice.place.weight]
                guard slice.role == .producer, weight.shape.rank > 1 else { return sum }
                let pixels = calls[slice.place.layer].reduce(0) {
                    $0 + network.shapes[$1].count / max(network.shapes[$1].channels, 1)
                }
                return sum + pixels * slice.positions[0].count
            }
        }
    }

    /// The cost of one unit of each group when so many are kept, as an exact difference of the whole network's cost.
    public func perUnit(keeping kept: [Int]) -> [Double] {
        switch normalisation {
        case .none: return kept.map { _ in 1 }
        case .memory: return elements.map { Double(max(1, $0)) }
        case .macs:
            let whole = model.cost(keeping: kept).macs
            return kept.indices.map { group in
                var fewer = kept
                fewer[group] -= 1
                return Double(max(1, whole - model.cost(keeping: fewer).macs))
            }
        }
    }
}
