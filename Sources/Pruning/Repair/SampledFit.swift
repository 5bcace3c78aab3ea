import Tensors

extension LeastSquaresFit {
    /// The same fit from few rows of many columns: the system that is solved has one equation per row, not per column.
    ///
    /// `W = W0 + X' (X X' + N ridge I)^-1 (Z - X W0)` with X [N, D] and Z [N, n] centred equals the ridge fit of
    /// ``init(_:from:ridge:hasBias:)`` over the same rows.
    ///
    /// - Parameters:
    ///   - rows: `[N, D]` row-major.
    ///   - targets: `[N, n]` row-major.
    ///   - depth: D.
    ///   - start: W0, `[D, n]` row-major.
    ///   - ridge: The first ridge as a share of the mean variance of a column; rises tenfold until the matrix factors.
    ///   - hasBias: Whether the layer can add a constant.
    public init?(
        rows: [Double],
        targets: [Double],
        depth: Int,
        from start: [Double],
        ridge: Double,
        hasBias: Bool
    ) {
        let count = rows.count / max(depth, 1)
        let outputs = start.count / max(depth, 1)
        guard count > 0, outputs > 0 else { return nil }
        let (x, rowMean) = Self.centred(rows, width: depth, if: hasBias)
        let (z, targetMean) = Self.centred(targets, width: outputs, if: hasBias)
        guard let change = Self.change(from: start, x, z, depth: depth, count: count, ridge: ridge)
        else { return nil }
        let weights = zip(start, change).map { $0 + $1 }
        let answers = Matrices.product(x, rows: count, inner: depth, weights, columns: outputs)
        let (residual, ratio) = Self.quality(of: answers, targets: z, outputs: outputs)
        self.init(
            weights: weights,
            bias: Self.bias(weights, rowMean, targetMean, if: hasBias),
            residual: residual,
            deviationRatio: ratio,
            rowMean: rowMean
        )
    }

    /// What is added to W0: `X' (X X' + N ridge I)^-1 (Z - X W0)`.
    private static func change(
        from start: [Double],
        _ x: [Double],
        _ z: [Double],
        depth: Int,
        count: Int,
        ridge: Double
    ) -> [Double]? {
        let outputs = z.count / count
        let before = Matrices.product(x, rows: count, inner: depth, start, columns: outputs)
        let missing = zip(z, before).map { $0 - $1 }
        let gram = SquareMatrix(
            size: count,
            values: Matrices.productTransposed(x, rows: count, inner: depth, x, columns: count)
        )
        return solve(gram, missing, outputs: outputs, ridge: ridge, depth: depth).map { duals in
            Matrices.transposedProduct(
                x,
                columns: depth,
                duals,
                columns: outputs,
                rows: count
            )
        }
    }

    /// The share of the targets' squares that is left, and the roots of targets' over answers' squares.
    private static func quality(
        of answers: [Double],
        targets: [Double],
        outputs: Int
    ) -> (residual: Double, ratio: [Double]) {
        var fitted = [Double](repeating: 0, count: outputs)
        var wanted = fitted
        var left = 0.0
        for index in targets.indices {
            fitted[index % outputs] += answers[index] * answers[index]
            wanted[index % outputs] += targets[index] * targets[index]
            left += (targets[index] - answers[index]) * (targets[index] - answers[index])
        }
        let whole = wanted.reduce(0, +)
        let ratio = zip(wanted, fitted).map { $1 > 0 ? ($0 / $1).squareRoot() : 1 }
        return (whole > 0 ? left / whole : 0, ratio)
    }

    private static func centred(
        _ values: [Double],
        width: Int,
        if isCentred: Bool
    ) -> (values: [Double], mean: [Double]) {
        var mean = [Double](repeating: 0, count: width)
        guard isCentred else { return (values, mean) }
        for index in values.indices { mean[index % width] += values[index] }
        mean = mean.map { $0 / Double(max(values.count / width, 1)) }
        return (values.indices.map { values[$0] - mean[$0 % width] }, mean)
    }

    private static func solve(
        _ gram: SquareMatrix,
        _ missing: [Double],
        outputs: Int,
        ridge: Double,
        depth: Int
    ) -> [Double]? {
        // N times the mean variance of a column is the trace over the columns.
        var ridge = max(ridge, 1e-12) * max(gram.trace / Double(max(depth, 1)), 1e-30)
        for _ in 0..<12 {
            if let factor = CholeskyFactor(gram, ridge: ridge) {
                let duals = factor.solve(missing, count: outputs)
                if duals.allSatisfy(\.isFinite) { return duals }
            }
            ridge *= 10
        }
        return nil
    }
}
