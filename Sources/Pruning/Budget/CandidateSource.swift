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
    /// As the method does first, at a share of macs between what lost too much accuracy and what did not.
    case bisected(Int)
    /// Always the unit goes whose Fisher information is least for what it costs.
    case fisher(FisherNormalisation)
    /// As units went while the network trained.
    case training
    /// As an agent has learned to.
    case policy
    /// What scores below a share of its group's mean goes.
    case groupMean
    /// One group after another, each as far as its part of the accuracy that may go (METHODS 6.4).
    case structural(Int)

    /// The share of macs is halved this often for an accuracy drop.
    private static let bisections = 8

    /// All that a plan asks to be tried, in order.
    ///
    /// - Parameters:
    ///   - plan: What is asked.
    ///   - groups: How many groups may be cut.
    /// - Returns: The sources.
    static func all(for plan: CompressionPlan, groups: Int) -> [CandidateSource] {
        if plan.budget.unit == .accuracyDrop {
            return plan.method == .compensation
                ? (0...groups * StructuralSearch.trialsPerGroup).map { .structural($0) }
                : (0..<bisections).map { .bisected($0) }
        }
        if plan.removesInTraining { return [.training] }
        if plan.learnsPolicy { return [.policy] }
        return plan.method == .genetic ? measured(plan) : [base(of: plan)]
    }

    /// How a method shares a budget out, without trying others.
    static func base(of plan: CompressionPlan) -> CandidateSource {
        switch plan.method {
        case .genetic, .conditional: .combined(isRounded: false)
        case .fisher: .fisher(plan.fisher.normalisation)
        case .compensation: .level
        case .uniform: .groupMean
        case .lasso, .l1, .l2, .bnScale, .taylor, .fpgm, .hrank, .random: .uniform
        }
    }

    /// Allocations of many kinds, judged by measurement.
    private static func measured(_ plan: CompressionPlan) -> [CandidateSource] {
        let rounded = plan.roundTo > 1 ? [false, true] : [false]
        return [.uniform]
            + rounded.map { .reconstruction(isRounded: $0) }
            + rounded.map { .sensitivity(isRounded: $0) }
            + rounded.map { .combined(isRounded: $0) }
            + [.lagrangian, .level, .fisher(.memory), .fisher(.macs)]
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
        case .fisher(.none): "Fisher information"
        case .fisher(.memory): "Fisher information by memory"
        case .fisher(.macs): "Fisher information by macs"
        case .training: "while training"
        case .policy: "learned policy"
        case .groupMean: "group mean"
        case .structural(let index): "structural \(index + 1)"
        }
    }

    var isRounded: Bool {
        switch self {
        case .reconstruction(let isRounded), .sensitivity(let isRounded), .combined(let isRounded):
            isRounded
        case .uniform, .lagrangian, .level, .weighted, .bisected, .fisher, .training, .policy,
            .groupMean, .structural:
            false
        }
    }
}

/// The curves that allocations go along.
struct AllocationCurves {
    var sensitivity: [RemovalCurve]
    var reconstruction: [RemovalCurve]
    var combined: [RemovalCurve]

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
