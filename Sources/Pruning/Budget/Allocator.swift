import Graph

/// How many units each group keeps.
public struct Allocation: Sendable, Hashable, Codable {
    /// Where the allocation came from, for the report.
    public var name: String
    /// The units kept, one number per group.
    public var kept: [Int]

    /// Makes an allocation.
    public init(name: String, kept: [Int]) {
        self.name = name
        self.kept = kept
    }
}

/// Shares a budget out over the groups.
///
/// Costs of neighbours are products of their widths: every method works on the exact counter, or linearises at the
/// widths it stands at and checks again.
public struct Allocator {
    /// The widths of the groups.
    public let widths: [Int]
    /// The fewest units each group may keep; the width where it may not be cut.
    public let floors: [Int]
    /// Kept widths are multiples of this where it costs nothing.
    public let roundTo: Int
    /// The most an allocation may cost.
    public let limit: Int
    /// What an allocation costs: exact, and linear in each width by itself.
    public let cost: ([Int]) -> Int

    /// The most options a group has in a table.
    private static let mostOptions = 96

    /// Makes an allocator.
    public init(
        widths: [Int],
        floors: [Int],
        roundTo: Int,
        limit: Int,
        cost: @escaping ([Int]) -> Int
    ) {
        self.widths = widths
        self.floors = floors
        self.roundTo = roundTo
        self.limit = limit
        self.cost = cost
    }

    /// What all groups lose together by their curves.
    public func loss(of kept: [Int], _ curves: [RemovalCurve]) -> Double {
        kept.indices.reduce(0) { $0 + loss(curves, $1, kept[$1]) }
    }

    func loss(_ curves: [RemovalCurve], _ group: Int, _ kept: Int) -> Double {
        curves[group].rise(at: 1 - Double(kept) / Double(widths[group]))
    }

    /// The same share of every group, as much as the budget leaves.
    public func uniform(_ name: String = "uniform") -> Allocation {
        var (lower, upper) = (0.0, 1.0)
        for _ in 0..<40 {
            let share = (lower + upper) / 2
            if cost(keeping(share)) <= limit { lower = share } else { upper = share }
        }
        let curves = widths.map { _ in RemovalCurve([(1, 1)]) }
        return Allocation(name: name, kept: filled(keeping(lower), curves, by: 1))
    }

    private func keeping(_ share: Double) -> [Int] {
        zip(widths, floors).map { width, floor in
            max(floor, min(width, Int((share * Double(width)).rounded())))
        }
    }

    /// The widths a group may have, ascending: in steps of `block`, floor and full width always among them.
    private func options(_ group: Int, block: Int) -> [Int] {
        let (floor, width) = (floors[group], widths[group])
        guard floor < width else { return [width] }
        let step = block * max(1, ((width - floor) / block + Self.mostOptions) / Self.mostOptions)
        let inner = stride(from: (floor / step + 1) * step, to: width, by: step)
        return Array(Set([floor, width] + inner)).sorted()
    }

    /// What one more unit of a group costs while the others stay; a width's cost is linear in it.
    private func slope(_ group: Int, at kept: [Int]) -> Int {
        guard floors[group] < widths[group] else { return 0 }
        var (least, most) = (kept, kept)
        least[group] = floors[group]
        most[group] = widths[group]
        return (cost(most) - cost(least)) / (widths[group] - floors[group])
    }

    /// The smallest loss by an exact table, where costs are linearised until the widths stand still.
    ///
    /// For groups whose costs do not depend on each other the first table is the exact optimum.
    public func optimal(
        along curves: [RemovalCurve],
        name: String,
        isRounded: Bool = false
    ) -> Allocation {
        let block = isRounded ? roundTo : 1
        let options = widths.indices.map { self.options($0, block: block) }
        let values = options.enumerated().map { group, own in
            own.map { loss(curves, group, $0) }
        }
        var current = uniform().kept
        var best = descended(widths, curves, block: block)
        for _ in 0..<12 {
            let slopes = widths.indices.map { slope($0, at: current) }
            let fixed = cost(current) - zip(slopes, current).reduce(0) { $0 + $1.0 * $1.1 }
            let knapsack = BudgetKnapsack(
                values: values,
                costs: zip(options, slopes).map { own, slope in own.map { $0 * slope } }
            )
            guard let choice = knapsack.choice(within: limit - fixed) else { break }
            let found = zip(options, choice).map { $0[$1] }
            let met = filled(descended(found, curves, block: block), curves, by: block)
            if loss(of: met, curves) < loss(of: best, curves) { best = met }
            if found == current { break }
            current = found
        }
        let exchanged = exchanged(best, curves, block: block)
        return Allocation(name: name, kept: filled(exchanged, curves, by: block))
    }

    /// The smallest `loss + price * cost` per group; the price is bisected until the budget is met.
    public func lagrangian(along curves: [RemovalCurve], name: String) -> Allocation {
        let options = widths.indices.map { self.options($0, block: 1) }
        func kept(at price: Double) -> [Int] {
            var kept = widths
            for _ in 0..<4 {
                let slopes = widths.indices.map { Double(slope($0, at: kept)) }
                kept = options.enumerated().map { group, own in
                    own.min { left, right in
                        let first = loss(curves, group, left) + price * slopes[group] * Double(left)
                        let second =
                            loss(curves, group, right) + price * slopes[group] * Double(right)
                        return (first, left) < (second, right)
                    } ?? widths[group]
                }
            }
            return kept
        }
        let scale = max(loss(of: floors, curves), 1e-9) / Double(max(cost(widths), 1))
        var (lower, upper) = (scale * 1e-9, scale * 1e9)
        for _ in 0..<80 {
            let price = (lower * upper).squareRoot()
            if cost(kept(at: price)) <= limit { upper = price } else { lower = price }
        }
        let found = descended(kept(at: upper), curves, block: 1)
        return Allocation(name: name, kept: filled(found, curves, by: 1))
    }

    /// The smallest widths that no group's curve rises above a common level at (METHODS 1.6).
    public func level(along curves: [RemovalCurve], name: String) -> Allocation {
        func kept(at level: Double) -> [Int] {
            widths.indices.map { group in
                (floors[group]...widths[group]).first { loss(curves, group, $0) <= level }
                    ?? widths[group]
            }
        }
        var (lower, upper) = (0.0, widths.indices.map { loss(curves, $0, floors[$0]) }.max() ?? 1)
        for _ in 0..<50 {
            let level = (lower + upper) / 2
            if cost(kept(at: level)) <= limit { upper = level } else { lower = level }
        }
        let found = descended(kept(at: upper), curves, block: 1)
        return Allocation(name: name, kept: filled(found, curves, by: 1))
    }

    /// Takes blocks of units where the curve rises least for what they cost, until the budget is met.
    func descended(_ start: [Int], _ curves: [RemovalCurve], block: Int) -> [Int] {
        var kept = start
        while cost(kept) > limit {
            let before = cost(kept)
            var best: (group: Int, kept: Int, price: Double)?
            for group in kept.indices where kept[group] > floors[group] {
                var tried = kept
                tried[group] = max(floors[group], (kept[group] - 1) / block * block)
                let saved = Double(before - cost(tried))
                guard saved > 0 else { continue }
                let rise = loss(curves, group, tried[group]) - loss(curves, group, kept[group])
                if rise / saved < best?.price ?? .infinity {
                    best = (group, tried[group], rise / saved)
                }
            }
            guard let best else { break }
            kept[best.group] = best.kept
        }
        return kept
    }

    /// Spends what is left: blocks first, single units last, always where a unit of cost brings most.
    func filled(_ start: [Int], _ curves: [RemovalCurve], by block: Int) -> [Int] {
        var kept = start
        var block = block
        while block >= 1 {
            let before = cost(kept)
            var best: (group: Int, gain: Double)?
            for group in kept.indices where kept[group] + block <= widths[group] {
                var tried = kept
                tried[group] += block
                let total = cost(tried)
                guard total <= limit else { continue }
                let fall = loss(curves, group, kept[group]) - loss(curves, group, tried[group])
                let gain = fall / Double(max(total - before, 1))
                if gain > best?.gain ?? -.infinity { best = (group, gain) }
            }
            if let best { kept[best.group] += block } else { block /= 2 }
        }
        return kept
    }

    /// Lets one group give units to another while that lowers the loss and the exact cost allows it.
    private func exchanged(_ start: [Int], _ curves: [RemovalCurve], block: Int) -> [Int] {
        var kept = start
        for _ in 0..<60 {
            let before = loss(of: kept, curves)
            var best: (kept: [Int], loss: Double)?
            for giver in kept.indices where kept[giver] - block >= floors[giver] {
                var less = kept
                less[giver] -= block
                for taker in kept.indices where taker != giver {
                    guard let more = grown(less, taker, block: block) else { continue }
                    let loss = loss(of: more, curves)
                    if loss < best?.loss ?? (before - 1e-12 * abs(before)) { best = (more, loss) }
                }
            }
            guard let best else { return kept }
            kept = best.kept
        }
        return kept
    }

    /// As many blocks more for one group as the limit leaves, at least one.
    private func grown(_ kept: [Int], _ group: Int, block: Int) -> [Int]? {
        var kept = kept
        var isGrown = false
        for _ in 0..<4 where kept[group] + block <= widths[group] {
            kept[group] += block
            if cost(kept) > limit {
                kept[group] -= block
                break
            }
            isGrown = true
        }
        return isGrown ? kept : nil
    }
}
