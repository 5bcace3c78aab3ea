import Tensors

/// Where a candidate allocation comes from.
enum CandidateSource: Sendable, Hashable {
    /// The same share of every group.
    case uniform
    /// Along the curves of the error that least squares leaves.
    case reconstruction(isRounded: Bool)
    /// Along the measured sensitivity curves.
    case sensitivity(isRounded: Bool)
    /// Along the sensitivity curves, each less by what least squares makes good of its error.
    case combined(isRounded: Bool)
    /// By a price on costs, along the combined curves.
    case lagrangian
    /// No group's loss rises above a common level.
    case level
    /// Along the combined curves times random weights (METHODS 11.3, after SPDY).
    case weighted(Int)
    /// Along the combined curves, at a share of macs between what lost too much accuracy and what did not.
    case bisected(Int)

    /// The share of macs is halved this often for an accuracy drop.
    private static let bisections = 8

    /// All that a plan asks to be tried, in order.
    static func all(for plan: CompressionPlan) -> [CandidateSource] {
        guard plan.budget.unit != .accuracyDrop else {
            return (0..<bisections).map { .bisected($0) }
        }
        let rounded = plan.roundTo > 1 ? [false, true] : [false]
        return [.uniform]
            + rounded.map { .reconstruction(isRounded: $0) }
            + rounded.map { .sensitivity(isRounded: $0) }
            + rounded.map { .combined(isRounded: $0) }
            + [.lagrangian, .level]
            + (0..<plan.allocation.weighted).map { .weighted($0) }
    }

    var name: String {
        switch self {
        case .uniform: "uniform"
        case .reconstruction(let isRounded): "reconstruction" + (isRounded ? ", rounded" : "")
        case .sensitivity(let isRounded): "sensitivity" + (isRounded ? ", rounded" : "")
        case .combined(let isRounded): "combined" + (isRounded ? ", rounded" : "")
        case .lagrangian: "lagrangian"
        case .level: "level"
        case .weighted(let index): "weighted \(index + 1)"
        case .bisected(let index): "bisected \(index + 1)"
        }
    }

    var isRounded: Bool {
        switch self {
        case .reconstruction(let isRounded), .sensitivity(let isRounded), .combined(let isRounded):
            isRounded
        case .uniform, .lagrangian, .level, .weighted, .bisected: false
        }
    }
}

/// The curves that allocations go along.
struct AllocationCurves {
    var sensitivity: [RemovalCurve]
    var reconstruction: [RemovalCurve]
    var combined: [RemovalCurve]

    /// The allocation of one source.
    ///
    /// - Parameters:
    ///   - source: Where it comes from.
    ///   - allocator: Knows budget and costs.
    ///   - weights: One factor per group for a weighted source.
    /// - Returns: The widths.
    func allocation(
        _ source: CandidateSource,
        _ allocator: Allocator,
        weights: [Double]?
    ) -> Allocation {
        let name = source.name
        switch source {
        case .uniform: return allocator.uniform(name)
        case .reconstruction(let isRounded):
            return allocator.optimal(along: reconstruction, name: name, isRounded: isRounded)
        case .sensitivity(let isRounded):
            return allocator.optimal(along: sensitivity, name: name, isRounded: isRounded)
        case .combined(let isRounded):
            return allocator.optimal(along: combined, name: name, isRounded: isRounded)
        case .lagrangian: return allocator.lagrangian(along: combined, name: name)
        case .level: return allocator.level(along: sensitivity, name: name)
        case .weighted:
            let weights = weights ?? combined.map { _ in 1 }
            let curves = zip(combined, weights).map { $0.scaled(by: $1) }
            return allocator.optimal(along: curves, name: name)
        case .bisected: return allocator.optimal(along: combined, name: name)
        }
    }

    /// Factors for the groups: all drawn anew for the first half of the weighted candidates, then a tenth of the best's.
    ///
    /// Source: Frantar, Alistarh 2022, "SPDY", arXiv:2201.13096, section 3.3: coefficients in (0, 1), a tenth resampled.
    static func weights(
        _ index: Int,
        of count: Int,
        groups: Int,
        best: [Double]?,
        seed: UInt64
    ) -> [Double] {
        var random = CounterRandom(seed: seed, stage: "weights", step: UInt64(index))
        var weights = (0..<groups).map { _ in 0.1 + 0.9 * Double(random.nextUniform()) }
        if index >= (count + 1) / 2, let best {
            let changed = Set(random.permutation(groups).prefix(max(1, groups / 10)))
            for group in 0..<groups where !changed.contains(group) { weights[group] = best[group] }
        }
        return weights
    }
}
