/// Chooses one option per group so that values are smallest in sum and costs stay within a limit.
///
/// Exact by dynamic programming over costs divided by their greatest common divisor. Only where that leaves too many
/// buckets are costs rounded, and then up, so that the limit holds all the same.
///
/// Source: Frantar, Alistarh 2022, "SPDY: Accurate Pruning with Speedup Guarantees", arXiv:2201.13096, section 3.2, for
///   the recurrence. Differs: exact buckets by the divisor (METHODS 11.3).
public struct BudgetKnapsack: Sendable {
    /// For each group, what each option loses.
    public var values: [[Double]]
    /// For each group, what each option costs.
    public var costs: [[Int]]

    /// The most buckets an exact table may have, and how many a rounded one has.
    private static let (exactBuckets, roundedBuckets) = (100_000, 10_000)
    /// The most cells of work a table may take.
    private static let mostWork = 400_000_000

    /// Makes a problem; every group has at least one option, and no cost is negative.
    public init(values: [[Double]], costs: [[Int]]) {
        precondition(values.map(\.count) == costs.map(\.count), "one cost per value")
        self.values = values
        self.costs = costs
    }

    /// The best options within a limit, one index per group; nil where even the cheapest cost more.
    public func choice(within limit: Int) -> [Int]? {
        guard costs.reduce(0, { $0 + ($1.min() ?? 0) }) <= limit else { return nil }
        // The cheapest options are paid for first: buckets hold what lies above them.
        let bases = costs.map { $0.min() ?? 0 }
        let extra = zip(costs, bases).map { own, base in own.map { $0 - base } }
        let left = limit - bases.reduce(0, +)
        let divisor = extra.joined().reduce(0, Self.divisor)
        guard divisor > 0 else { return cheapestBest(extra) }
        let options = extra.reduce(0) { $0 + $1.count }
        let most = extra.reduce(0) { $0 + ($1.max() ?? 0) }
        let reach = min(left, most) / divisor
        if reach <= Self.exactBuckets, reach * options <= Self.mostWork {
            return table(extra.map { $0.map { $0 / divisor } }, buckets: reach)
        }
        let size = max(1, (min(left, most) + Self.roundedBuckets - 1) / Self.roundedBuckets)
        return table(
            extra.map { $0.map { ($0 + size - 1) / size } },
            buckets: min(left, most) / size
        )
    }

    /// Without differences of cost only values count.
    private func cheapestBest(_ extra: [[Int]]) -> [Int] {
        values.map { own in own.indices.min { (own[$0], $0) < (own[$1], $1) } ?? 0 }
    }

    private static func divisor(_ left: Int, _ right: Int) -> Int {
        right == 0 ? left : divisor(right, left % right)
    }

    /// `best[g][t] = min over options of best[g - 1][t - cost] + value`, then back along the choices.
    private func table(_ costs: [[Int]], buckets: Int) -> [Int]? {
        var best = [Double](repeating: 0, count: buckets + 1)
        var choices: [[Int32]] = []
        for group in values.indices {
            var next = [Double](repeating: .infinity, count: buckets + 1)
            var choice = [Int32](repeating: -1, count: buckets + 1)
            for option in values[group].indices where costs[group][option] <= buckets {
                let (cost, value) = (costs[group][option], values[group][option])
                for bucket in cost...buckets where best[bucket - cost] + value < next[bucket] {
                    next[bucket] = best[bucket - cost] + value
                    choice[bucket] = Int32(option)
                }
            }
            best = next
            choices.append(choice)
        }
        var bucket = buckets
        var result: [Int] = []
        for group in values.indices.reversed() {
            let option = Int(choices[group][bucket])
            guard option >= 0 else { return nil }
            result.append(option)
            bucket -= costs[group][option]
        }
        return result.reversed()
    }
}
