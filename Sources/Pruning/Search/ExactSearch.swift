import Tensors

/// The smallest E there is for one number of removals, or how far below the best known value it can lie.
///
/// All ways are tried where there are few; else branch and bound, stopped after a number of nodes and never by a clock
/// (METHODS 11.1, S5).
public struct ExactSearch: Sendable {
    /// What is certain about the smallest E.
    public struct Result: Sendable, Hashable {
        /// The best removal found, ascending.
        public var removed: [Int]
        /// Its E.
        public var energy: Double
        /// No removal has a smaller E than this.
        public var bound: Double
        /// Whether `energy` is the smallest E.
        public var isProved: Bool
    }

    private let objective: QuadraticObjective
    private let removals: Int
    /// For each unit, the others from the smallest entry of its row on.
    private let neighbours: [[Int]]
    private var nodesLeft: Int
    private var best: (removed: [Int], energy: Double)

    /// The most ways that are all tried.
    public static let mostWays = 200_000

    /// Searches, starting from the best removal known.
    ///
    /// - Parameters:
    ///   - objective: E.
    ///   - start: A removal of exactly as many units as are to go.
    ///   - nodes: The most branches that are looked at; nil for as many as take about as long as the search itself.
    /// - Returns: The best removal, and what is certain about it.
    public static func run(
        _ objective: QuadraticObjective,
        from start: [Int],
        nodes: Int? = nil
    ) -> Result {
        let ways = ways(of: start.count, from: objective.size)
        let limit = nodes ?? max(100, 20_000_000 / max(1, objective.size * objective.size))
        var search = ExactSearch(objective, start: start, nodes: ways.map { $0 * 4 } ?? limit)
        let isProved: Bool
        if ways != nil {
            search.enumerate()
            isProved = true
        } else {
            isProved = search.branch(chosen: [], free: search.branchOrder(), energy: 0)
        }
        let energy = objective.energy(removing: search.best.removed)
        let bound = isProved ? energy : min(energy, search.rootBound())
        return Result(
            removed: search.best.removed.sorted(),
            energy: energy,
            bound: bound,
            isProved: isProved
        )
    }

    /// The number of ways to choose, or nil above ``mostWays``.
    public static func ways(of count: Int, from size: Int) -> Int? {
        var ways = 1.0
        for step in 0..<min(count, size - count) { ways *= Double(size - step) / Double(step + 1) }
        return ways <= Double(mostWays) ? Int(ways.rounded()) : nil
    }

    private init(_ objective: QuadraticObjective, start: [Int], nodes: Int) {
        self.objective = objective
        removals = start.count
        nodesLeft = nodes
        best = (start, objective.energy(removing: start))
        neighbours = (0..<objective.size).map { row in
            (0..<objective.size).filter { $0 != row }
                .sorted { (objective.matrix[row, $0], $0) < (objective.matrix[row, $1], $1) }
        }
    }

    private mutating func enumerate() {
        var chosen: [Int] = []
        let (matrix, size) = (objective.matrix, objective.size)
        func extend(from first: Int, energy: Double, _ best: inout ([Int], Double)) {
            if chosen.count == removals {
                if energy < best.1 { best = (chosen, energy) }
                return
            }
            for unit in first..<max(first, size - (removals - chosen.count) + 1) {
                let rise = chosen.reduce(matrix[unit, unit]) { $0 + 2 * matrix[unit, $1] }
                chosen.append(unit)
                extend(from: unit + 1, energy: energy + rise, &best)
                chosen.removeLast()
            }
        }
        var found = (best.removed, best.energy)
        extend(from: 0, energy: 0, &found)
        best = found
    }

    /// Units that are cheap to lose are decided first.
    private func branchOrder() -> [Int] {
        (0..<objective.size).sorted {
            (objective.matrix[$0, $0], $0) < (objective.matrix[$1, $1], $1)
        }
    }

    /// Decides the first free unit both ways; false where the nodes ran out before all was decided.
    private mutating func branch(chosen: [Int], free: [Int], energy: Double) -> Bool {
        let left = removals - chosen.count
        if left == 0 {
            if energy < best.energy { best = (chosen, energy) }
            return true
        }
        guard free.count >= left else { return true }
        guard nodesLeft > 0 else { return false }
        nodesLeft -= 1
        let gradient = objective.gradient(removing: chosen)
        let tolerance = 1e-12 * abs(best.energy)
        if bound(energy, free: free, left: left, gradient) >= best.energy - tolerance {
            return true
        }
        let unit = free[0]
        let rest = Array(free.dropFirst())
        let rise = objective.rise(removing: unit, gradient: gradient)
        let isFirstDone = branch(chosen: chosen + [unit], free: rest, energy: energy + rise)
        let isSecondDone = branch(chosen: chosen, free: rest, energy: energy)
        return isFirstDone && isSecondDone
    }

    /// `E(F)` and the p smallest over the free units of `G_jj + 2 g_j` and the p - 1 smallest other entries of their row.
    private func bound(
        _ energy: Double,
        free: [Int],
        left: Int,
        _ gradient: [Double]
    ) -> Double {
        var isFree = [Bool](repeating: false, count: objective.size)
        for unit in free { isFree[unit] = true }
        var scores: [Double] = []
        for unit in free {
            var score = objective.rise(removing: unit, gradient: gradient)
            var taken = 0
            for other in neighbours[unit] where isFree[other] {
                if taken == left - 1 { break }
                score += objective.matrix[unit, other]
                taken += 1
            }
            scores.append(score)
        }
        return energy + scores.sorted().prefix(left).reduce(0, +)
    }

    /// The better of the bound above over all units and that of the relaxation to shares of units.
    private func rootBound() -> Double {
        let all = Array(0..<objective.size)
        let zero = [Double](repeating: 0, count: objective.size)
        return max(0, bound(0, free: all, left: removals, zero), relaxationBound())
    }

    /// Minimises E over shares between 0 and 1 that add up to the removals; any point's tangent bounds the minimum.
    ///
    /// Source: Frank, Wolfe 1956, "An algorithm for quadratic programming"; G is positive semidefinite, so E is convex.
    private func relaxationBound() -> Double {
        let size = objective.size
        var share = [Double](repeating: Double(removals) / Double(size), count: size)
        var bound = -Double.infinity
        for _ in 0..<200 {
            let gradient = objective.gradients(of: share, count: 1)
            let energy = zip(share, gradient).reduce(0) { $0 + $1.0 * $1.1 }
            let order = (0..<size).sorted { (gradient[$0], $0) < (gradient[$1], $1) }
            var direction = share.map { -$0 }
            for unit in order.prefix(removals) { direction[unit] += 1 }
            let slope = 2 * zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
            bound = max(bound, energy + slope)
            let image = objective.gradients(of: direction, count: 1)
            let curvature = zip(direction, image).reduce(0) { $0 + $1.0 * $1.1 }
            guard slope < 0 else { break }
            let step = curvature > 0 ? min(1, -slope / (2 * curvature)) : 1
            for unit in 0..<size { share[unit] += step * direction[unit] }
        }
        return bound
    }
}
