import Graph
import Pruning
import Tensors
import Testing

@Suite struct AllocationTests {
    /// Every combination of options, for small problems.
    private func exhaustive(_ knapsack: BudgetKnapsack, limit: Int) -> Double? {
        func best(_ group: Int, _ left: Int) -> Double? {
            guard group < knapsack.values.count else { return 0 }
            var smallest: Double?
            for (value, cost) in zip(knapsack.values[group], knapsack.costs[group])
            where cost <= left {
                guard let rest = best(group + 1, left - cost) else { continue }
                smallest = min(smallest ?? .infinity, value + rest)
            }
            return smallest
        }
        return best(0, limit)
    }

    private func problem(seed: UInt64, unit: Int) -> BudgetKnapsack {
        var random = CounterRandom(seed: seed, stage: "knapsack")
        var values: [[Double]] = []
        var costs: [[Int]] = []
        for _ in 0..<5 {
            let own = (1...6).map { $0 * unit * Int.random(in: 1...4, using: &random) }.sorted()
            costs.append(own)
            values.append(own.indices.map { _ in Double(random.nextUniform()) }.sorted(by: >))
        }
        return BudgetKnapsack(values: values, costs: costs)
    }

    @Test("the table finds the exact optimum at every limit, and more budget is never worse")
    func exact() throws {
        for seed in 1...4 as ClosedRange<UInt64> {
            let knapsack = problem(seed: seed, unit: 18_432)
            var last = Double.infinity
            for limit in stride(from: 100_000, through: 2_400_000, by: 150_001) {
                guard let expected = exhaustive(knapsack, limit: limit) else {
                    #expect(knapsack.choice(within: limit) == nil)
                    continue
                }
                let choice = try #require(knapsack.choice(within: limit))
                let cost = zip(knapsack.costs, choice).reduce(0) { $0 + $1.0[$1.1] }
                let value = zip(knapsack.values, choice).reduce(0) { $0 + $1.0[$1.1] }
                #expect(cost <= limit)
                #expect(abs(value - expected) < 1e-12)
                #expect(value <= last)
                last = value
            }
        }
    }

    @Test("with too many buckets for an exact table the limit still holds and little is lost")
    func rounded() throws {
        var knapsack = problem(seed: 7, unit: 1_000_003)
        knapsack.costs[0][2] += 1
        let limit = 40_000_000
        let choice = try #require(knapsack.choice(within: limit))
        #expect(zip(knapsack.costs, choice).reduce(0) { $0 + $1.0[$1.1] } <= limit)
        let value = zip(knapsack.values, choice).reduce(0) { $0 + $1.0[$1.1] }
        let expected = try #require(exhaustive(knapsack, limit: limit))
        #expect(value <= expected * 1.05)
    }

    private let curves = [0.5, 1, 2, 4].map { steepness in
        RemovalCurve(
            (1...10).map { step in
                let share = Double(step) / 10
                return (share, steepness * share * share)
            }
        )
    }

    /// Costs of a chain: each layer's kernel is a product of two neighbours' widths.
    private func chain(_ kept: [Int]) -> Int {
        let widths = [3] + kept + [10]
        return zip(widths, widths.dropFirst()).enumerated().reduce(0) { total, layer in
            total + layer.element.0 * layer.element.1 * 9 * [64, 64, 16, 16, 1][layer.offset]
        }
    }

    private func separable(_ kept: [Int]) -> Int {
        zip(kept, [2304, 4608, 1152, 576]).reduce(100_000) { $0 + $1.0 * $1.1 }
    }

    private func allocator(_ cost: @escaping ([Int]) -> Int, share: Double) -> Allocator {
        let widths = [32, 32, 64, 64]
        return Allocator(
            widths: widths,
            floors: [4, 4, 8, 8],
            roundTo: 8,
            limit: Int(share * Double(cost(widths))),
            cost: cost
        )
    }

    @Test("the exact table loses no more than the price on costs and the same share for all")
    func optimality() {
        for cost in [separable, chain] {
            var last = Double.infinity
            for share in [0.35, 0.5, 0.6, 0.75, 0.9] {
                let allocator = allocator(cost, share: share)
                let optimal = allocator.optimal(along: curves, name: "optimal")
                let loss = allocator.loss(of: optimal.kept, curves)
                for other in [
                    allocator.lagrangian(along: curves, name: "price"), allocator.uniform(),
                    allocator.level(along: curves, name: "level"),
                ] {
                    #expect(loss <= allocator.loss(of: other.kept, curves) + 1e-12)
                    #expect(cost(other.kept) <= allocator.limit)
                }
                #expect(loss <= last)
                last = loss
            }
        }
    }

    @Test(
        "an allocation costs at most what is left, and within a hundredth of it where widths allow"
    )
    func spends() {
        for cost in [separable, chain] {
            for share in [0.4, 0.5, 0.7] {
                let allocator = allocator(cost, share: share)
                for isRounded in [false, true] {
                    let kept = allocator.optimal(
                        along: curves,
                        name: "optimal",
                        isRounded: isRounded
                    ).kept
                    #expect(cost(kept) <= allocator.limit)
                    #expect(Double(cost(kept)) >= 0.99 * Double(allocator.limit))
                    #expect(zip(kept, allocator.floors).allSatisfy { $0 >= $1 })
                }
            }
        }
    }

    @Test("rounded widths are multiples but for those that spend what is left")
    func rounding() {
        let allocator = allocator(chain, share: 0.5)
        let kept = allocator.optimal(along: curves, name: "rounded", isRounded: true).kept
        #expect(kept.count { $0 % 8 != 0 } <= 1)
    }
}
