import Tensors

/// The error that is left after the kept weights are fitted anew, `E_ls(R)` (METHODS section 0, identity 3).
///
/// Summed over a group's consumers, each as a share of its own variance.
public struct LeastSquaresObjective: Sendable {
    /// One consumer.
    public struct Part: Sendable {
        /// The centred covariance of its input rows, [D, D].
        public var covariance: SquareMatrix
        /// Its weights `[D, n]` row-major.
        public var weights: [Double]
        /// For each unit, the columns of a row that are its own.
        public var columns: [[Int]]
        /// What its error is multiplied by: one over its variance.
        public var scale: Double

        /// Makes a part.
        public init(
            covariance: SquareMatrix,
            weights: [Double],
            columns: [[Int]],
            scale: Double
        ) {
            self.covariance = covariance
            self.weights = weights
            self.columns = columns
            self.scale = scale
        }

        package var outputs: Int { weights.count / max(covariance.size, 1) }
    }

    /// What a removal one after another found.
    public struct Removal: Sendable {
        /// The units in the order they went.
        public var order: [Int]
        /// `E_ls` after each of them: `energies[q]` with q units gone, from 0 on.
        public var energies: [Double]
    }

    /// The consumers.
    public let parts: [Part]

    /// The ridge of every inverse, as a share of the mean diagonal.
    private static let ridge = 1e-6

    /// Makes an objective.
    public init(_ parts: [Part]) {
        self.parts = parts
    }

    /// The number of units.
    public var size: Int { parts.first?.columns.count ?? 0 }

    /// `E_ls` of removing the given units: `tr(W_R' (C_RR - C_RS C_SS^-1 C_SR) W_R)`.
    public func energy(removing removed: [Int]) -> Double {
        parts.reduce(0) { $0 + $1.scale * Self.energy($1, removing: Set(removed)) }
    }

    private static func energy(_ part: Part, removing removed: Set<Int>) -> Double {
        let outputs = part.outputs
        let going = part.columns.indices.filter(removed.contains).flatMap { part.columns[$0] }
        let isGoing = Set(going)
        let staying = (0..<part.covariance.size).filter { !isGoing.contains($0) }
        let weights = going.flatMap { part.weights[$0 * outputs..<($0 + 1) * outputs] }
        let own = block(part.covariance, going, going)
        let image = Matrices.product(
            own,
            rows: going.count,
            inner: going.count,
            weights,
            columns: outputs
        )
        let whole = zip(weights, image).reduce(0) { $0 + $1.0 * $1.1 }
        guard !staying.isEmpty, !going.isEmpty else { return max(0, whole) }
        // C_SR W_R: what the kept columns can take over.
        let shared = Matrices.product(
            block(part.covariance, staying, going),
            rows: staying.count,
            inner: going.count,
            weights,
            columns: outputs
        )
        let kept = SquareMatrix(
            size: staying.count,
            values: block(part.covariance, staying, staying)
        )
        guard let factor = factor(kept) else { return max(0, whole) }
        let solution = factor.solve(shared, count: outputs)
        return max(0, whole - zip(shared, solution).reduce(0) { $0 + $1.0 * $1.1 })
    }

    private static func block(_ matrix: SquareMatrix, _ rows: [Int], _ columns: [Int]) -> [Double] {
        rows.flatMap { row in columns.map { matrix[row, $0] } }
    }

    private static func factor(_ matrix: SquareMatrix) -> CholeskyFactor? {
        let mean = max(matrix.trace / Double(max(matrix.size, 1)), 1e-30)
        for power in 0..<8 {
            let ridge = Self.ridge * Double.power(10, Double(power)) * mean
            if let factor = CholeskyFactor(matrix, ridge: ridge) { return factor }
        }
        return nil
    }

    /// Takes units away one by one, each time the one whose loss the others can best make good.
    ///
    /// With `H = C^-1`: `score_j = tr(W_j' H_jj^-1 W_j)`, then `W -= H_:j H_jj^-1 W_j` and `H -= H_:j H_jj^-1 H_j:`.
    /// Source: Hassibi, Stork 1993, "Second order derivatives for network pruning: Optimal Brain Surgeon", equations 5
    ///   and 6, for blocks of weights (METHODS 11.1, L1).
    ///
    /// - Parameter count: How many units go.
    /// - Returns: The order and the running error, or nil where a covariance cannot be inverted.
    public func removal(of count: Int) -> Removal? {
        var states: [SurgeonState] = []
        for part in parts {
            guard let factor = Self.factor(part.covariance) else { return nil }
            states.append(SurgeonState(part, inverse: factor))
        }
        var left = Array(0..<size)
        var removal = Removal(order: [], energies: [0])
        while removal.order.count < min(count, size), !left.isEmpty {
            let scores = ResultsInOrder<Double>(count: left.count)
            let (current, candidates) = (states, left)
            ThreadPool.shared.forEach(candidates.count) { index in
                scores.store(index, current.reduce(0) { $0 + $1.score(of: candidates[index]) })
            }
            let values = left.indices.map { scores.load($0) ?? .infinity }
            guard let best = values.indices.min(by: { (values[$0], $0) < (values[$1], $1) }),
                values[best].isFinite
            else { break }
            let unit = left.remove(at: best)
            for index in states.indices { states[index].remove(unit) }
            removal.order.append(unit)
            removal.energies.append((removal.energies.last ?? 0) + max(0, values[best]))
        }
        return removal
    }
}

/// One consumer while units leave it: the inverse covariance of what is left, and the weights as fitted.
package struct SurgeonState: Sendable {
    private(set) var inverse: SquareMatrix
    package private(set) var weights: [Double]
    private let columns: [[Int]]
    private let scale: Double
    private let outputs: Int

    package init(_ part: LeastSquaresObjective.Part, inverse factor: CholeskyFactor) {
        let size = part.covariance.size
        var identity = SquareMatrix(size: size)
        for index in 0..<size { identity[index, index] = 1 }
        inverse = SquareMatrix(size: size, values: factor.solve(identity.values, count: size))
        weights = part.weights
        columns = part.columns
        scale = part.scale
        outputs = part.outputs
    }

    private func ownInverse(_ unit: Int) -> SquareMatrix {
        let own = columns[unit]
        return SquareMatrix(
            size: own.count,
            values: own.flatMap { row in own.map { inverse[row, $0] } }
        )
    }

    /// `H_jj^-1 W_j`, or nil where the block is not positive definite any more.
    private func taken(_ unit: Int) -> [Double]? {
        let own = columns[unit].flatMap { weights[$0 * outputs..<($0 + 1) * outputs] }
        return CholeskyFactor(ownInverse(unit))?.solve(own, count: outputs)
    }

    package func score(of unit: Int) -> Double {
        guard let solution = taken(unit) else { return .infinity }
        var sum = 0.0
        for (index, row) in columns[unit].enumerated() {
            for output in 0..<outputs {
                sum += weights[row * outputs + output] * solution[index * outputs + output]
            }
        }
        return scale * sum
    }

    package mutating func remove(_ unit: Int) {
        let own = columns[unit]
        let size = inverse.size
        guard let solution = taken(unit) else { return }
        let across = own.flatMap { inverse.values[$0 * size..<($0 + 1) * size] }
        guard let spread = CholeskyFactor(ownInverse(unit))?.solve(across, count: size)
        else { return }
        Matrices.subtract(across, solution, rows: size, columns: outputs, from: &weights)
        Matrices.subtract(across, spread, rows: size, columns: size, from: &inverse.values)
        for row in own {
            for output in 0..<outputs { weights[row * outputs + output] = 0 }
            for column in 0..<size {
                inverse[row, column] = 0
                inverse[column, row] = 0
            }
        }
    }
}
