import Tensors

/// Weights fitted to targets by ridge regression that pulls towards the weights there were, not towards zero.
///
/// `W = W0 + (Cov(x) + ridge I)^-1 (Cov(x, z) - Cov(x) W0)`: where rows say nothing, W0 stays.
///
/// Source: He, Zhang, Sun 2017, "Channel Pruning for Accelerating Very Deep Neural Networks", arXiv:1707.06168,
///   section 3.1, step two. Differs: ridge around W0 on the centred covariance, statistics in Float64.
public struct LeastSquaresFit: Sendable {
    /// The weights `[D, n]` row-major.
    public var weights: [Double]
    /// The bias [n]: `mean z - mean x W`, or zeros where the layer has no place for one.
    public var bias: [Double]
    /// The share of the targets' variance that is left.
    public var residual: Double
    /// For each output, the standard deviation of the targets over that of the fitted values; 1 where there is none.
    public var deviationRatio: [Double]
    /// The mean row [D], or zeros where there is no bias.
    private var rowMean: [Double]

    init(
        weights: [Double],
        bias: [Double],
        residual: Double,
        deviationRatio: [Double],
        rowMean: [Double]
    ) {
        self.weights = weights
        self.bias = bias
        self.residual = residual
        self.deviationRatio = deviationRatio
        self.rowMean = rowMean
    }

    /// The fit with every output stretched about its mean to the targets' deviation.
    ///
    /// Source: Xie et al. 2021, "Pruning with Compensation", arXiv:2108.13728 (METHODS 6.2): it keeps the variance that a
    ///   BatchNorm behind the layer expects, and undoes a little of the fit.
    public var rescaled: LeastSquaresFit {
        var fit = self
        let outputs = bias.count
        for index in weights.indices { fit.weights[index] *= deviationRatio[index % outputs] }
        for (column, mean) in rowMean.enumerated() {
            for output in 0..<outputs {
                let place = column * outputs + output
                fit.bias[output] += mean * (weights[place] - fit.weights[place])
            }
        }
        return fit
    }

    /// Fits all outputs at once; nil where no ridge makes the covariance factor.
    ///
    /// - Parameters:
    ///   - moments: Of rows and targets.
    ///   - start: W0, `[D, n]` row-major.
    ///   - ridge: The first ridge as a share of the mean diagonal; rises tenfold until the matrix factors.
    ///   - hasBias: Whether the layer can add a constant; without, the moments about zero are fitted.
    public init?(_ moments: JointMoments, from start: [Double], ridge: Double, hasBias: Bool) {
        var covariance = moments.covariance
        var cross = moments.cross
        let (rowMean, targetMean) = (moments.rowMean, moments.targetMean)
        let (depth, outputs) = (moments.depth, moments.outputs)
        if !hasBias {
            for row in 0..<depth {
                for column in 0..<depth {
                    covariance[row, column] += rowMean[row] * rowMean[column]
                }
                for output in 0..<outputs {
                    cross[row * outputs + output] += rowMean[row] * targetMean[output]
                }
            }
        }
        let before = Matrices.product(covariance, start, columns: outputs)
        let wanted = zip(cross, before).map { $0 - $1 }
        guard let change = Self.solve(covariance, wanted, outputs: outputs, ridge: ridge)
        else { return nil }
        let weights = zip(start, change).map { $0 + $1 }
        let image = Matrices.product(covariance, weights, columns: outputs)
        let total = (0..<outputs).map { output in
            moments.targetVariance[output]
                + (hasBias ? 0 : targetMean[output] * targetMean[output])
        }
        let (residual, ratio) = Self.quality(weights, image, cross, total: total)
        self.init(
            weights: weights,
            bias: Self.bias(weights, rowMean, targetMean, if: hasBias),
            residual: residual,
            deviationRatio: ratio,
            rowMean: hasBias ? rowMean : rowMean.map { _ in 0 }
        )
    }

    /// `mean z - mean x W`.
    static func bias(
        _ weights: [Double],
        _ rowMean: [Double],
        _ targetMean: [Double],
        if hasBias: Bool
    ) -> [Double] {
        let outputs = targetMean.count
        return (0..<outputs).map { output in
            guard hasBias else { return 0 }
            return rowMean.indices.reduce(targetMean[output]) {
                $0 - rowMean[$1] * weights[$1 * outputs + output]
            }
        }
    }

    /// `var(z - xW) = var z - 2 W' Cov(x, z) + W' Cov(x) W`, summed over outputs, and the deviations' ratios.
    private static func quality(
        _ weights: [Double],
        _ image: [Double],
        _ cross: [Double],
        total: [Double]
    ) -> (residual: Double, ratio: [Double]) {
        let outputs = total.count
        var explained = [Double](repeating: 0, count: outputs)
        var fitted = explained
        for index in weights.indices {
            explained[index % outputs] += weights[index] * (2 * cross[index] - image[index])
            fitted[index % outputs] += weights[index] * image[index]
        }
        let whole = total.reduce(0, +)
        let left = zip(total, explained).reduce(0) { $0 + max(0, $1.0 - $1.1) }
        let ratio = zip(total, fitted).map { wanted, found in
            found > 1e-12 * max(wanted, 1e-30) ? (wanted / found).squareRoot() : 1
        }
        return (whole > 0 ? left / whole : 0, ratio)
    }

    private static func solve(
        _ covariance: SquareMatrix,
        _ wanted: [Double],
        outputs: Int,
        ridge: Double
    ) -> [Double]? {
        let mean = covariance.trace / Double(max(covariance.size, 1))
        var ridge = max(ridge, 1e-12) * max(mean, 1e-30)
        for _ in 0..<12 {
            if let factor = CholeskyFactor(covariance, ridge: ridge) {
                let change = factor.solve(wanted, count: outputs)
                if change.allSatisfy(\.isFinite) { return change }
            }
            ridge *= 10
        }
        return nil
    }
}
