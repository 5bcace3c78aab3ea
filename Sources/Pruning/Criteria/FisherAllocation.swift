/// How many units each group keeps when always the unit goes whose score is smallest for what it costs.
///
/// Scores stay as they were measured; costs are worked out anew after each removal (METHODS 3, one-shot variant).
///
/// Source: Liu et al. 2021, "Group Fisher Pruning", arXiv:2108.00708, algorithm 2. Differs: nothing is trained and scored
///   between removals.
public struct FisherAllocation: Sendable, Hashable {
    /// For each group, the units that stay, ascending.
    public let kept: [[Int]]
    /// Whether the limit was reached before every group was down to its floor.
    public let isWithinLimit: Bool

    /// Removes units until the limit is met.
    ///
    /// - Parameters:
    ///   - scores: For each group, for each unit; the smallest goes first, of equals the lower unit.
    ///   - unitCost: What scores are divided by.
    ///   - floors: The fewest units each group may keep.
    ///   - limit: What the cost must not be above.
    ///   - cost: The cost when so many units of each group are kept.
    public init(
        scores: [[Double]],
        unitCost: UnitCost,
        floors: [Int],
        limit: Int,
        cost: ([Int]) -> Int
    ) {
        let orders = scores.map { RankedUnits(scores: $0) }
        var widths = scores.map(\.count)
        var isWithinLimit = cost(widths) <= limit
        while !isWithinLimit {
            let costs = unitCost.perUnit(keeping: widths)
            let candidates = widths.indices.filter { widths[$0] > max(1, floors[$0]) }
            let worths = candidates.map { group in
                let next = orders[group].order[scores[group].count - widths[group]]
                return scores[group][next] / costs[group]
            }
            guard
                let smallest = worths.indices.min(by: { (worths[$0], $0) < (worths[$1], $1) })
            else { break }
            widths[candidates[smallest]] -= 1
            isWithinLimit = cost(widths) <= limit
        }
        self.isWithinLimit = isWithinLimit
        kept = zip(orders, widths).map { order, width in
            order.order.suffix(width).sorted()
        }
    }
}
