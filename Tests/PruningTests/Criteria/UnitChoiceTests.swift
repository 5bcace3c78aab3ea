import Datasets
import Engine
import Graph
import Pruning
import Tensors
import Testing

/// What every way of choosing units must hold to.
@Suite struct UnitChoiceTests {
    /// The ways there are.
    enum Way: String, CaseIterable {
        case l1, l2, scale, fpgm, random, hrank, taylor, fisher, lasso, compensation, scores

        var isNested: Bool { self != .lasso }
        /// Whether the choice depends on what the units are, not on where they stand.
        ///
        /// Ranks are often equal, and of equals the lower unit goes: FeatureMapRanksTests looks at the ranks themselves.
        var isEquivariant: Bool { self != .random && self != .scores && self != .hrank }
    }

    private static let samples = TestData.samples(13, [8, 8, 3])

    /// The choice for each group of a network.
    private func choices(_ way: Way, _ network: Network) throws -> [any UnitChoice] {
        let groups = CouplingAnalysis(network).groups
        func ranked(_ scores: [[Double]]) -> [any UnitChoice] {
            scores.map { RankedUnits(scores: $0) }
        }
        func weighed(_ criterion: WeightCriterion) -> [any UnitChoice] {
            groups.map { WeightScores(criterion, of: $0, in: network).choice }
        }
        switch way {
        case .l1: return weighed(.magnitude)
        case .l2: return weighed(.length)
        case .scale: return weighed(.batchNormScale)
        case .fpgm: return weighed(.geometricMedian)
        case .random: return groups.map { RankedUnits(randomlyFor: $0, seed: 3) }
        case .hrank:
            return ranked(
                FeatureMapRanks(
                    network: network,
                    groups: groups,
                    samples: Self.samples,
                    batchSize: 5
                ).scores
            )
        case .taylor: return ranked(try evidence(network, groups).taylor)
        case .fisher: return ranked(try evidence(network, groups).fisher)
        case .lasso: return try objectives(network, groups).map { LassoChoice($0.centred) }
        case .compensation:
            return try objectives(network, groups).map {
                CompensationAwareRanking(try #require($0.leastSquares))
            }
        case .scores: return ranked(groups.map { (0..<$0.width).map { Double($0 * 5 % 7) } })
        }
    }

    private func evidence(_ network: Network, _ groups: [CoupledGroup]) throws -> GradientEvidence {
        try GradientEvidence(
            network: network,
            groups: groups,
            samples: Self.samples,
            labels: Self.samples.labels,
            batchSize: 5,
            seed: 1
        )
    }

    private func objectives(
        _ network: Network,
        _ groups: [CoupledGroup]
    ) throws -> [GroupObjective] {
        let statistics = GroupStatistics(
            network: network,
            samples: Self.samples,
            batchSize: 5,
            floors: groups.map { _ in 1 }
        )
        return try statistics.measure(groups).map { try #require($0.objective) }
    }

    @Test(
        "exactly as many units go as asked: ascending, different, of the group",
        arguments: Way.allCases
    )
    func counts(way: Way) throws {
        let network = try CriteriaNetwork.residual()
        let groups = CouplingAnalysis(network).groups
        #expect(groups.map(\.width) == [6, 5, 7])
        for (group, choice) in zip(groups, try choices(way, network)) {
            for count in 0..<group.width {
                let removed = choice.removed(count)
                #expect(removed.count == count)
                #expect(removed == Set(removed).sorted())
                #expect(removed.allSatisfy((0..<group.width).contains))
            }
        }
    }

    @Test("the same choice comes out of the same network twice", arguments: Way.allCases)
    func repeats(way: Way) throws {
        let network = try CriteriaNetwork.residual()
        for (first, second) in zip(try choices(way, network), try choices(way, network)) {
            for count in 0..<5 {
                #expect(first.removed(count) == second.removed(count))
                #expect(first.removed(count) == first.removed(count))
            }
        }
    }

    @Test("who goes first goes later too", arguments: Way.allCases.filter(\.isNested))
    func nested(way: Way) throws {
        for choice in try choices(way, try CriteriaNetwork.residual()) {
            for count in 1..<5 {
                #expect(
                    Set(choice.removed(count - 1)).isSubset(of: choice.removed(count))
                )
            }
        }
    }

    @Test(
        "units in another order: the same units go, wherever they stand now",
        arguments: Way.allCases.filter(\.isEquivariant)
    )
    func equivariant(way: Way) throws {
        let network = try CriteriaNetwork.residual()
        let groups = CouplingAnalysis(network).groups
        let before = try choices(way, network)
        for (index, group) in groups.enumerated() {
            // Three has no factor in common with any of the widths but the first.
            let step = group.width == 6 ? 5 : 3
            let order = (0..<group.width).map { ($0 * step + 2) % group.width }
            let permuted = network.permuting(group, order)
            let after = try choices(way, permuted)
            for count in 1..<group.width {
                let moved = after[index].removed(count).map { order[$0] }.sorted()
                #expect(moved == before[index].removed(count), "\(group.name), \(count)")
            }
        }
    }

    @Test("units in another order leave the network's answer as it is")
    func permuted() throws {
        let network = try CriteriaNetwork.residual()
        let group = CouplingAnalysis(network).groups[0]
        let batch = Self.samples.batch([0, 1, 2])
        let answer = network.predict([batch])[0]
        let other = network.permuting(group, [3, 5, 0, 1, 4, 2]).predict([batch])[0]
        #expect(answer.largestDifference(from: other) < 1e-5)
        var wrong = network
        let slice = try #require(group.consumerSlices.first)
        wrong.updateWeight(layer: slice.place.layer, index: 0) {
            $0 = $0.selecting([3, 5, 0, 1, 4, 2], axis: slice.place.axis)
        }
        #expect(answer.largestDifference(from: wrong.predict([batch])[0]) > 1e-3)
    }

    @Test("of equal scores the lower unit goes, and another seed or group is another chance")
    func ties() throws {
        #expect(RankedUnits(scores: [1, 0, 1, 0]).order == [1, 3, 0, 2])
        let groups = CouplingAnalysis(try CriteriaNetwork.residual()).groups
        let orders = (0..<8).map { RankedUnits(randomlyFor: groups[2], seed: $0).order }
        #expect(Set(orders).count > 4)
        var renamed = groups[2]
        renamed.name = "other"
        #expect(RankedUnits(randomlyFor: renamed, seed: 0).order != orders[0])
    }
}
