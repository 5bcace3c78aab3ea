import Graph
import Pruning
import Tensors
import Testing

@Suite struct FisherAllocationTests {
    private func scores(_ groups: [CoupledGroup]) -> [[Double]] {
        var random = CounterRandom(seed: 21, stage: "scores")
        return groups.map { group in (0..<group.width).map { _ in Double(random.nextUniform()) } }
    }

    /// What a unit costs, by cutting the network and looking at what is left.
    private func cost(
        _ normalisation: FisherNormalisation,
        of group: Int,
        keeping kept: [[Int]],
        _ network: Network
    ) throws -> Double {
        let analysis = CouplingAnalysis(network)
        let whole = try network.keeping(kept, of: analysis)
        var fewer = kept
        fewer[group].removeLast()
        let cut = try network.keeping(fewer, of: analysis)
        switch normalisation {
        case .none: return 1
        case .macs: return Double(whole.cost.macs - cut.cost.macs)
        case .memory:
            let convolutions = whole.nodes.indices.filter {
                switch whole.layer(of: $0).kind {
                case .convolution2D, .dense: true
                default: false
                }
            }
            return Double(
                convolutions.reduce(0) { $0 + whole.shapes[$1].count - cut.shapes[$1].count }
            )
        }
    }

    @Test(
        "always the unit goes that scores least for what it costs now",
        arguments: FisherNormalisation.allCases
    )
    func greedy(normalisation: FisherNormalisation) throws {
        let network = try CriteriaNetwork.residual()
        let analysis = CouplingAnalysis(network)
        let scores = scores(analysis.groups)
        let model = CostModel(network, groups: analysis.groups)
        let floors = [2, 3, 1]
        let limit = network.cost.macs / 2
        let allocation = FisherAllocation(
            scores: scores,
            unitCost: UnitCost(normalisation, network: network, groups: analysis.groups),
            floors: floors,
            limit: limit,
            cost: { model.cost(keeping: $0).macs }
        )
        var kept = analysis.groups.map { Array(0..<$0.width) }
        while try network.keeping(kept, of: analysis).cost.macs > limit {
            var best: (worth: Double, group: Int, unit: Int)?
            for group in kept.indices where kept[group].count > floors[group] {
                let cost = try cost(normalisation, of: group, keeping: kept, network)
                for unit in kept[group] where scores[group][unit] / cost < best?.worth ?? .infinity
                {
                    best = (scores[group][unit] / cost, group, unit)
                }
            }
            let next = try #require(best)
            kept[next.group].removeAll { $0 == next.unit }
        }
        #expect(allocation.kept == kept)
        #expect(allocation.isWithinLimit)
    }

    @Test("normalisations are not the same allocation")
    func different() throws {
        let network = try CriteriaNetwork.residual()
        let groups = CouplingAnalysis(network).groups
        let model = CostModel(network, groups: groups)
        let kept = FisherNormalisation.allCases.map { normalisation in
            FisherAllocation(
                scores: scores(groups),
                unitCost: UnitCost(normalisation, network: network, groups: groups),
                floors: [1, 1, 1],
                limit: network.cost.macs / 3,
                cost: { model.cost(keeping: $0).macs }
            ).kept
        }
        #expect(Set(kept).count > 1)
    }

    @Test("no group falls below its floor, and a limit beyond the floors is said to be missed")
    func floors() throws {
        let network = try CriteriaNetwork.residual()
        let groups = CouplingAnalysis(network).groups
        let allocation = FisherAllocation(
            scores: scores(groups),
            unitCost: UnitCost(.macs, network: network, groups: groups),
            floors: [6, 2, 0],
            limit: 0,
            cost: { $0.reduce(0, +) }
        )
        #expect(allocation.kept.map(\.count) == [6, 2, 1])
        #expect(!allocation.isWithinLimit)
        let best = scores(groups)[2].enumerated().max { $0.element < $1.element }
        #expect(allocation.kept[2] == [best?.offset])
    }

    @Test("a limit that is met already takes nothing")
    func nothing() throws {
        let network = try CriteriaNetwork.residual()
        let groups = CouplingAnalysis(network).groups
        let allocation = FisherAllocation(
            scores: scores(groups),
            unitCost: UnitCost(.none, network: network, groups: groups),
            floors: [1, 1, 1],
            limit: 18,
            cost: { $0.reduce(0, +) }
        )
        #expect(allocation.kept.map(\.count) == [6, 5, 7])
        #expect(allocation.isWithinLimit)
    }
}
