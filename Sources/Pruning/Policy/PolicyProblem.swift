/// One of the budgets that a policy serves.
public struct PolicyTarget: Sendable, Hashable, Codable {
    /// The most an allocation may cost.
    public var limit: Int
    /// The reward expected at this limit, such as the exact allocation's: rewards are measured from it, so that easy
    /// targets do not drown the hard ones.
    public var expectedReward: Double

    /// Makes a target.
    public init(limit: Int, expectedReward: Double) {
        self.limit = limit
        self.expectedReward = expectedReward
    }
}

/// What a policy decides on: the groups front to back, what they cost, and the budgets.
///
/// An action is the share of a group's units that is removed, as in the first version of the authors' code: 0.05 to 1,
/// where 1 leaves the floor. Removal is what budgets demand, so `duty` is a lower bound on the action.
public struct PolicyProblem {
    /// The numbers of a state.
    public static let stateLength = 14

    /// What is known of each group.
    public let layers: [PolicyLayer]
    /// The fewest units each group may keep; the width where it may not be cut.
    public let floors: [Int]
    /// Kept widths are rounded up to multiples of this where the budget allows it.
    public let roundTo: Int
    /// The budgets; all of them can be met at the floors.
    public let targets: [PolicyTarget]
    /// What an allocation costs, exactly: rising in each width.
    public let cost: ([Int]) -> Int
    /// The widths of the groups.
    public let widths: [Int]
    /// The groups that are decided on, one step each.
    public let decided: [Int]

    private let wholeCost: Double
    /// For each decided group, the columns of its state that stand still: step, kind, shapes, weights and macs.
    private let columns: [[Double]]

    /// Makes a problem.
    public init(
        layers: [PolicyLayer],
        floors: [Int],
        roundTo: Int = 1,
        targets: [PolicyTarget],
        cost: @escaping ([Int]) -> Int
    ) {
        precondition(layers.count == floors.count && !targets.isEmpty, "one floor per group")
        self.layers = layers
        self.floors = floors
        self.roundTo = roundTo
        self.targets = targets
        self.cost = cost
        widths = layers.map(\.outputs)
        decided = layers.indices.filter { floors[$0] < layers[$0].outputs }
        wholeCost = Double(max(cost(widths), 1))
        columns = Self.scaled(
            decided.enumerated().map { [Double($0.offset)] + layers[$0.element].columns }
        )
    }

    /// Each column from 0 to 1 over the rows; a column of equal numbers says nothing and becomes 0.
    private static func scaled(_ rows: [[Double]]) -> [[Double]] {
        guard let first = rows.first else { return [] }
        let ranges = first.indices.map { column in
            let values = rows.map { $0[column] }
            return (least: values.min() ?? 0, most: values.max() ?? 0)
        }
        return rows.map { row in
            zip(row, ranges).map { value, range in
                range.most > range.least ? (value - range.least) / (range.most - range.least) : 0
            }
        }
    }

    /// What is seen before one step: the target's share of the whole cost, the group, the shares of the whole cost that are
    /// gone and that later steps can still remove, and the last action.
    func state(step: Int, kept: [Int], target: Int, lastAction: Double) -> [Float] {
        let left = cost(kept)
        let undecided = decided[step...]
        var least = kept
        for group in undecided { least[group] = floors[group] }
        let reduced = 1 - Double(left) / wholeCost
        let rest = Double(left - cost(least)) / wholeCost
        let share = Double(targets[target].limit) / wholeCost
        return ([share] + columns[step] + [reduced, rest, lastAction]).map(Float.init)
    }

    /// The units that a group keeps when the given share is to go.
    ///
    /// The action is constrained: with all later groups at their floors the whole costs at most the target's limit, so
    /// the limit can be kept whatever comes before and after.
    func kept(
        _ action: Double,
        step: Int,
        kept: [Int],
        target: Int,
        settings: PolicySettings
    ) -> Int {
        let group = decided[step]
        let removed = min(max(action, settings.leastRemoved), 1)
        let wanted = (Double(widths[group]) * (1 - removed)).rounded(.up)
        let rounded = (Int(wanted) + roundTo - 1) / roundTo * roundTo
        let most = mostKept(step: step, kept: kept, limit: targets[target].limit)
        if rounded <= most { return max(rounded, floors[group]) }
        return max(most / roundTo * roundTo, floors[group])
    }

    /// The most units a group can keep within a limit when all later ones are cut to their floors.
    private func mostKept(step: Int, kept: [Int], limit: Int) -> Int {
        var tried = kept
        for later in decided[step...] { tried[later] = floors[later] }
        let group = decided[step]
        var (lower, upper) = (floors[group], widths[group])
        while lower < upper {
            let middle = (lower + upper + 1) / 2
            tried[group] = middle
            if cost(tried) <= limit { lower = middle } else { upper = middle - 1 }
        }
        return lower
    }
}
