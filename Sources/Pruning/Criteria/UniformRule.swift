import Graph
import Tensors

/// A share for every group without being given one: what scores below the group's mean goes.
///
/// Source: Chang et al. 2020, "UCP: Uniform Channel Pruning", arXiv:2010.01251, and its code (METHODS 2).
///   Differs: any score will do, groups of coupled channels take the place of layers, and no group falls below its floor.
public struct UniformRule: Sendable, Hashable {
    /// The threshold as a share of the mean score; the authors use 0.999 on CIFAR and 0.99 on ImageNet.
    public var factor: Double
    /// Whether groups of one width that belong to one stage keep equally many units.
    public var hasEqualWidths: Bool

    /// Makes a rule.
    public init(factor: Double = 0.999, hasEqualWidths: Bool = false) {
        self.factor = factor
        self.hasEqualWidths = hasEqualWidths
    }

    /// What belongs together: groups whose producers' outputs have one height and width, of one width themselves.
    private struct Stage: Hashable {
        var pixels: [Int]
        var width: Int
    }

    /// The units that stay.
    ///
    /// With equal widths every group of a stage keeps the stage's rounded mean, of its own units the ones that score
    /// highest; groups that may not be cut have no say.
    ///
    /// - Parameters:
    ///   - scores: For each group, for each unit; nil for a group that stays whole.
    ///   - groups: The groups.
    ///   - network: Their network.
    ///   - floors: The fewest units each group may keep; a group's whole width if it may not be cut.
    /// - Returns: For each group, the units that stay, ascending.
    public func kept(
        scores: [[Double]?],
        groups: [CoupledGroup],
        network: Network,
        floors: [Int]
    ) -> [[Int]] {
        let isCut = groups.indices.map { scores[$0] != nil && floors[$0] < groups[$0].width }
        var widths = groups.map(\.width)
        for (group, own) in scores.enumerated() where isCut[group] {
            widths[group] = max(floors[group], 1, own.map(countAboveThreshold) ?? 0)
        }
        if hasEqualWidths {
            let members = groups.indices.filter { isCut[$0] }
            let stages = Dictionary(grouping: members) { Self.stage(of: groups[$0], in: network) }
            for stage in stages.values {
                let sum = stage.reduce(0) { $0 + widths[$1] }
                let mean = Int((Double(sum) / Double(stage.count)).rounded())
                for group in stage { widths[group] = max(floors[group], mean) }
            }
        }
        return groups.indices.map { group in
            guard isCut[group], let own = scores[group] else { return Array(0..<widths[group]) }
            return RankedUnits(scores: own).order.suffix(widths[group]).sorted()
        }
    }

    private func countAboveThreshold(_ scores: [Double]) -> Int {
        let mean = scores.reduce(0, +) / Double(max(scores.count, 1))
        return scores.count { $0 > factor * mean }
    }

    private static func stage(of group: CoupledGroup, in network: Network) -> Stage {
        let call = group.producers.first.flatMap { network.calls[$0].first }
        let shape = call.map { network.shapes[$0].dimensions } ?? []
        return Stage(pixels: Array(shape.dropLast()), width: group.width)
    }
}
