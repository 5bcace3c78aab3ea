import Tensors

/// Least squares with a penalty on the sum of magnitudes, by coordinate descent.
///
/// Both forms minimise `|y - Z b|^2 / 2M + penalty |b|_1` over rows `(t, o)` of samples and outputs, `M` of them, with an
/// intercept. The Gram form needs only `Z' Z / M` and `Z' y / M`, whose sizes do not grow with the rows.
public enum Lasso {
    /// When a descent ends.
    struct Patience {
        /// A pass over all coordinates that moves none by more than this share of the largest target is the last.
        var precision: Double
        /// Passes over the coordinates, all of them or those that are not zero, at the most.
        var passes: Int

        /// As exact as a check needs it.
        static let exact = Patience(precision: 1e-10, passes: 100_000)
    }

    /// Columns whose square is below this share of the largest are dead: dividing by it would give no number.
    private static let deadShare = 1e-12

    /// The coefficients from the Gram matrix.
    ///
    /// - Parameters:
    ///   - gram: `Z' Z / M`, centred; [c, c].
    ///   - target: `Z' y / M`, centred; [c].
    ///   - penalty: Zero or more.
    ///   - start: Where the descent starts; near the solution it is short.
    /// - Returns: [c]; exactly zero where the penalty outweighs the column, and for dead columns.
    public static func coefficients(
        gram: SquareMatrix,
        target: [Double],
        penalty: Double,
        from start: [Double]? = nil
    ) -> [Double] {
        coefficients(gram: gram, target: target, penalty: penalty, from: start, .exact)
    }

    static func coefficients(
        gram: SquareMatrix,
        target: [Double],
        penalty: Double,
        from start: [Double]?,
        _ patience: Patience
    ) -> [Double] {
        let size = gram.size
        let live = liveColumns(of: (0..<size).map { gram[$0, $0] })
        var descent = GramDescent(gram: gram, target: target, penalty: penalty)
        for column in live { descent.move(column, to: start?[column] ?? 0) }
        let limit = patience.precision * (target.map(abs).max() ?? 0)
        var left = patience.passes
        while left > 0, descent.pass(over: live) > limit {
            left -= 1
            // Most coordinates are zero and stay so: the others settle among themselves first.
            let active = live.filter { descent.coefficients[$0] != 0 }
            while left > 0, descent.pass(over: active) > limit { left -= 1 }
        }
        return descent.coefficients
    }

    /// The coefficients from the rows themselves, residuals kept up to date: what the Gram form is checked against.
    ///
    /// - Parameters:
    ///   - rows: Z, `[(t, o), c]` row-major.
    ///   - target: y, one number per row.
    ///   - columns: c.
    ///   - outputs: How many intercepts there are: rows take turns among them. 1 is a single one for all rows, as He et
    ///     al.'s code has; as many as outputs is one per output, which a layer's bias can be.
    ///   - penalty: Zero or more.
    /// - Returns: [c].
    public static func coefficients(
        rows: [Double],
        target: [Double],
        columns: Int,
        outputs: Int,
        penalty: Double
    ) -> [Double] {
        let count = target.count
        var residual = centred(target, columns: 1, outputs: outputs)
        let rows = centred(rows, columns: columns, outputs: outputs)
        let scale = 1 / Double(max(count, 1))
        func product(_ column: Int) -> Double {
            (0..<count).reduce(0) { $0 + rows[$1 * columns + column] * residual[$1] } * scale
        }
        let squares = (0..<columns).map { column in
            (0..<count).reduce(0) {
                $0 + rows[$1 * columns + column] * rows[$1 * columns + column]
            } * scale
        }
        let patience = Patience.exact
        let limit = patience.precision * ((0..<columns).map { abs(product($0)) }.max() ?? 0)
        let live = liveColumns(of: squares)
        var coefficients = [Double](repeating: 0, count: columns)
        for _ in 0..<patience.passes {
            var largest = 0.0
            for column in live {
                let old = coefficients[column]
                let pull = product(column) + squares[column] * old
                let new = shrunk(pull, by: penalty) / squares[column]
                for row in 0..<count { residual[row] -= (new - old) * rows[row * columns + column] }
                coefficients[column] = new
                largest = max(largest, abs(new - old) * squares[column])
            }
            if largest <= limit { break }
        }
        return coefficients
    }

    /// Z for a layer's input rows: each unit's contribution to each output.
    ///
    /// - Parameters:
    ///   - inputs: Input rows `[t, D]` row-major.
    ///   - weights: `[D, n]` row-major.
    ///   - outputs: n.
    ///   - columns: For each unit, the columns of an input row that are its own.
    /// - Returns: `[(t, o), c]` row-major.
    public static func contributions(
        of inputs: [Double],
        weights: [Double],
        outputs: Int,
        columns: [[Int]]
    ) -> [Double] {
        let depth = weights.count / max(outputs, 1)
        let units = columns.count
        var rows = [Double](repeating: 0, count: inputs.count / max(depth, 1) * outputs * units)
        for sample in 0..<inputs.count / max(depth, 1) {
            for (unit, own) in columns.enumerated() {
                for column in own {
                    let input = inputs[sample * depth + column]
                    for output in 0..<outputs {
                        rows[(sample * outputs + output) * units + unit] +=
                            input * weights[column * outputs + output]
                    }
                }
            }
        }
        return rows
    }

    /// `Z' y / t` from the cross moments of input rows and targets, for reconstruction that is not symmetric.
    ///
    /// The rows are those of the network as it is, the targets the outputs of the original.
    ///
    /// - Parameters:
    ///   - cross: The centred cross moments `[D, n]` row-major, ``JointMoments/cross``.
    ///   - weights: `[D, n]` row-major.
    ///   - outputs: n.
    ///   - columns: For each unit, the columns of an input row that are its own.
    /// - Returns: One number per unit, to go with the Gram matrix `blocksum(Cov o W W')` of the same rows.
    public static func target(
        cross: [Double],
        weights: [Double],
        outputs: Int,
        columns: [[Int]]
    ) -> [Double] {
        columns.map { own in
            own.reduce(0) { sum, column in
                (column * outputs..<(column + 1) * outputs).reduce(sum) {
                    $0 + cross[$1] * weights[$1]
                }
            }
        }
    }

    static func liveColumns(of squares: [Double]) -> [Int] {
        let limit = deadShare * (squares.max() ?? 0)
        return squares.indices.filter { squares[$0] > limit }
    }

    /// Towards zero by so much, and not past it.
    static func shrunk(_ value: Double, by penalty: Double) -> Double {
        value > penalty ? value - penalty : value < -penalty ? value + penalty : 0
    }

    /// Rows less the mean of those that share an intercept.
    private static func centred(_ rows: [Double], columns: Int, outputs: Int) -> [Double] {
        var means = [Double](repeating: 0, count: columns * outputs)
        let period = columns * outputs
        for index in rows.indices { means[index % period] += rows[index] }
        let count = Double(max(1, rows.count / max(period, 1)))
        return rows.indices.map { rows[$0] - means[$0 % period] / count }
    }
}

/// A descent's state: the coefficients, and `target - gram coefficients`.
private struct GramDescent {
    let gram: SquareMatrix
    let penalty: Double
    private(set) var coefficients: [Double]
    private var residual: [Double]

    init(gram: SquareMatrix, target: [Double], penalty: Double) {
        self.gram = gram
        self.penalty = penalty
        coefficients = target.map { _ in 0 }
        residual = target
    }

    mutating func move(_ column: Int, to value: Double) {
        let change = value - coefficients[column]
        guard change != 0 else { return }
        coefficients[column] = value
        let start = column * gram.size
        gram.values.withUnsafeBufferPointer { values in
            residual.withUnsafeMutableBufferPointer { residual in
                for row in residual.indices { residual[row] -= change * values[start + row] }
            }
        }
    }

    /// Sets each coordinate to its best value in turn; the largest change, in units of the target.
    mutating func pass(over columns: [Int]) -> Double {
        var largest = 0.0
        for column in columns {
            let square = gram[column, column]
            let old = coefficients[column]
            let new = Lasso.shrunk(residual[column] + square * old, by: penalty) / square
            move(column, to: new)
            largest = max(largest, abs(new - old) * square)
        }
        return largest
    }
}
