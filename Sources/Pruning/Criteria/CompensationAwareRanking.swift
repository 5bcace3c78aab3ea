import Tensors

/// Units in the order in which they explain what the consumers compute, each given the ones before it.
///
/// A forward choice: of the units that are left, the one comes next that lowers the error after least squares most. The
/// order is nested: keeping k units is keeping its first k.
///
/// Source: Xie et al. 2021, "Pruning with Compensation", arXiv:2108.13728, and its code (METHODS 6.3). Differs: a residual
///   covariance instead of a growing inverse, a ridge of 1e-6 of the mean variance, several consumers by the sum of what
///   is explained of each as a share of its own variance, and inputs that are not the group's count as kept.
public struct CompensationAwareRanking: UnitChoice {
    /// All units, the most useful first; those without any variance last.
    public let chosen: [Int]
    /// The error after least squares, ridge included: `energies[k]` with the first k units kept, from 0 on.
    public let energies: [Double]

    /// The ridge as a share of the mean variance of an input.
    private static let ridge = 1e-6
    /// Inputs whose variance is below this share of the mean are constants.
    private static let deadShare = 1e-12

    /// Ranks all units of a group.
    public init(_ objective: LeastSquaresObjective) {
        var states = objective.parts.map { ResidualCovariance($0, ridge: Self.ridge) }
        let dead = (0..<objective.size).filter { unit in
            objective.parts.allSatisfy { Self.isConstant(unit, in: $0) }
        }
        var left = (0..<objective.size).filter { !dead.contains($0) }
        var chosen: [Int] = []
        var energies = [states.reduce(0) { $0 + $1.energy }]
        while !left.isEmpty {
            let scores = ResultsInOrder<Double>(count: left.count)
            let (current, candidates) = (states, left)
            ThreadPool.shared.forEach(candidates.count) { index in
                scores.store(
                    index,
                    current.reduce(0) { $0 + $1.explained(by: candidates[index]) }
                )
            }
            let values = left.indices.map { scores.load($0) ?? -.infinity }
            guard let best = values.indices.max(by: { (values[$0], -$0) < (values[$1], -$1) }),
                values[best].isFinite
            else { break }
            let unit = left.remove(at: best)
            for index in states.indices { states[index].keep(unit) }
            chosen.append(unit)
            energies.append(states.reduce(0) { $0 + $1.energy })
        }
        let rest = left + dead
        self.chosen = chosen + rest
        self.energies = energies + rest.map { _ in energies.last ?? 0 }
    }

    /// The units that go, as ``UnitChoice/removed(_:)`` asks.
    public func removed(_ count: Int) -> [Int] { chosen.suffix(count).sorted() }

    private static func isConstant(_ unit: Int, in part: LeastSquaresObjective.Part) -> Bool {
        let mean = part.covariance.trace / Double(max(part.covariance.size, 1))
        return part.columns[unit].allSatisfy { part.covariance[$0, $0] <= deadShare * mean }
    }
}

/// One consumer: the covariance of its inputs given the kept ones, and its image under the weights.
private struct ResidualCovariance: Sendable {
    /// `C - C_:S C_SS^-1 C_S:`.
    private var covariance: SquareMatrix
    /// The covariance times the weights, `[D, n]` row-major.
    private var image: [Double]
    private let part: LeastSquaresObjective.Part

    init(_ part: LeastSquaresObjective.Part, ridge: Double) {
        self.part = part
        covariance = part.covariance
        let size = covariance.size
        let own = max(ridge * covariance.trace / Double(max(size, 1)), 1e-30)
        for index in 0..<size { covariance[index, index] += own }
        image = Matrices.product(covariance, part.weights, columns: part.outputs)
        let owned = Set(part.columns.joined())
        keep((0..<size).filter { !owned.contains($0) })
    }

    /// `tr(W' R W)`, scaled.
    var energy: Double {
        part.scale * max(0, zip(part.weights, image).reduce(0) { $0 + $1.0 * $1.1 })
    }

    /// `tr(T_j' R_jj^-1 T_j)`, scaled, for T = R W; nothing where the block is not positive definite any more.
    func explained(by unit: Int) -> Double {
        let own = rows(part.columns[unit])
        guard let solution = block(part.columns[unit])?.solve(own, count: part.outputs)
        else { return -.infinity }
        return part.scale * zip(own, solution).reduce(0) { $0 + $1.0 * $1.1 }
    }

    mutating func keep(_ unit: Int) { keep(part.columns[unit]) }

    private mutating func keep(_ columns: [Int]) {
        guard !columns.isEmpty, let block = block(columns) else { return }
        let (size, outputs) = (covariance.size, part.outputs)
        let across = columns.flatMap { covariance.values[$0 * size..<($0 + 1) * size] }
        let spread = block.solve(across, count: size)
        let taken = block.solve(rows(columns), count: outputs)
        Matrices.subtract(across, taken, rows: size, columns: outputs, from: &image)
        Matrices.subtract(across, spread, rows: size, columns: size, from: &covariance.values)
        for kept in columns {
            for output in 0..<outputs { image[kept * outputs + output] = 0 }
            for other in 0..<size {
                covariance[kept, other] = 0
                covariance[other, kept] = 0
            }
        }
    }

    private func block(_ columns: [Int]) -> CholeskyFactor? {
        CholeskyFactor(
            SquareMatrix(
                size: columns.count,
                values: columns.flatMap { row in columns.map { covariance[row, $0] } }
            )
        )
    }

    private func rows(_ columns: [Int]) -> [Double] {
        columns.flatMap { image[$0 * part.outputs..<($0 + 1) * part.outputs] }
    }
}
