import Graph

/// How many units each group keeps.
public struct Allocation: Sendable, Hashable, Codable {
    /// Where the allocation came from, for the report.
    public var name: String
    /// The units kept, one number per group.
    public var kept: [Int]
}

/// What removing units of a group is thought to cost: a rising curve over the share that is removed.
struct RemovalCurve: Sendable {
    /// Shares, ascending from 0.
    private var shares: [Double]
    /// Rises of the loss or error at the shares, never falling.
    private var rises: [Double]

    /// Makes a curve through the origin and the given points, lifted so that it never falls.
    init(_ points: [(share: Double, rise: Double)]) {
        shares = [0]
        rises = [0]
        for point in points.sorted(by: { $0.share < $1.share }) where point.share > 0 {
            shares.append(point.share)
            rises.append(max(point.rise, rises[rises.count - 1]))
        }
    }

    /// The rise at a share, by straight lines; past the last point the last line goes on.
    func rise(at share: Double) -> Double {
        guard shares.count > 1 else { return share }
        let upper = shares.firstIndex { $0 >= share } ?? shares.count - 1
        guard upper > 0 else { return rises[0] }
        let slope = (rises[upper] - rises[upper - 1]) / (shares[upper] - shares[upper - 1])
        return rises[upper - 1] + slope * (share - shares[upper - 1])
    }
}

/// Shares a budget out over the groups.
struct Allocator: Sendable {
    let model: CostModel
    let widths: [Int]
    /// Whether a group may be cut.
    let isPrunable: [Bool]
    let plan: CompressionPlan

    /// What the budget counts.
    func count(_ kept: [Int]) -> Int {
        let cost = model.cost(keeping: kept)
        switch plan.budget.unit {
        case .macs: return cost.macs
        case .parameters: return cost.parameters
        }
    }

    /// The most the budget leaves.
    var limit: Int {
        switch plan.budget.limit {
        case .fraction(let fraction): Int(fraction * Double(count(widths)))
        case .count(let count): count
        }
    }

    /// The fewest units each group may keep.
    var floors: [Int] {
        zip(widths, isPrunable).map { width, isPrunable in
            isPrunable ? max(1, min(width, plan.minimumChannels)) : width
        }
    }

    /// Makes sure the budget can be met.
    func checkReachable() throws(CompressionError) {
        let least = count(floors)
        guard least <= limit else {
            throw .budgetUnreachable(
                unit: plan.budget.unit,
                asked: limit,
                reachable: least,
                teacher: count(widths)
            )
        }
    }

    /// The same share of every group, as much as the budget leaves.
    func uniform() -> Allocation {
        var lower = 0.0
        var upper = 1.0
        for _ in 0..<30 {
            let share = (lower + upper) / 2
            if count(keeping(share)) <= limit { lower = share } else { upper = share }
        }
        let curves = widths.map { _ in RemovalCurve([(1, 1)]) }
        return Allocation(name: "uniform", kept: filled(keeping(lower), curves: curves))
    }

    private func keeping(_ share: Double) -> [Int] {
        zip(widths, floors).map { width, floor in
            max(floor, min(width, Int((share * Double(width)).rounded())))
        }
    }

    /// Takes blocks of units where the curve rises least for what they cost, until the budget is met.
    ///
    /// Costs are recomputed after every block with the exact counter, since those of neighbours are products.
    func descending(along curves: [RemovalCurve], name: String) -> Allocation {
        var kept = widths
        let floors = floors
        while count(kept) > limit {
            let before = count(kept)
            var best: (group: Int, kept: Int, price: Double)?
            for group in kept.indices where kept[group] > floors[group] {
                var tried = kept
                tried[group] = nextWidth(below: kept[group], floor: floors[group])
                let saved = Double(before - count(tried))
                guard saved > 0 else { continue }
                let rise = rise(curves, group, tried[group]) - rise(curves, group, kept[group])
                let price = rise / saved
                if price < best?.price ?? .infinity { best = (group, tried[group], price) }
            }
            guard let best else { break }
            kept[best.group] = best.kept
        }
        return Allocation(name: name, kept: filled(kept, curves: curves))
    }

    private func rise(_ curves: [RemovalCurve], _ group: Int, _ kept: Int) -> Double {
        curves[group].rise(at: 1 - Double(kept) / Double(widths[group]))
    }

    private func nextWidth(below kept: Int, floor: Int) -> Int {
        max(floor, (kept - 1) / plan.roundTo * plan.roundTo)
    }

    /// Gives back units while the budget allows it, in blocks first and one by one last.
    private func filled(_ kept: [Int], curves: [RemovalCurve]) -> [Int] {
        var kept = kept
        var block = plan.roundTo
        while block >= 1 {
            var best: (group: Int, gain: Double)?
            for group in kept.indices where kept[group] + block <= widths[group] {
                var tried = kept
                tried[group] += block
                let total = count(tried)
                guard total <= limit else { continue }
                let fall = rise(curves, group, kept[group]) - rise(curves, group, tried[group])
                let gain = fall / Double(max(total - count(kept), 1))
                if gain > best?.gain ?? -.infinity { best = (group, gain) }
            }
            if let best { kept[best.group] += block } else { block /= 2 }
        }
        return kept
    }
}
