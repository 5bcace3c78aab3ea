import Pruning
import Tensors
import Testing

@Suite struct LeastSquaresFitTests {
    /// Rows around a mean far from zero, and targets that are a known linear map of them plus noise.
    private func problem(
        rows count: Int,
        depth: Int,
        noise: Double
    ) -> (rows: [Double], targets: [Double], weights: [Double]) {
        var random = CounterRandom(seed: 2, stage: "fit")
        let outputs = 2
        let weights = (0..<depth * outputs).map { _ in Double(random.nextNormal()) }
        let rows = (0..<count * depth).map { _ in 40 + Double(random.nextNormal()) }
        var targets = [Double](repeating: 0, count: count * outputs)
        for row in 0..<count {
            for output in 0..<outputs {
                targets[row * outputs + output] =
                    3 + noise * Double(random.nextNormal())
                    + (0..<depth).reduce(0) {
                        $0 + rows[row * depth + $1] * weights[$1 * outputs + output]
                    }
            }
        }
        return (rows, targets, weights)
    }

    private func moments(
        _ problem: (rows: [Double], targets: [Double], weights: [Double]),
        depth: Int,
        block: Int
    ) -> JointMoments {
        var moments = JointMoments(depth: depth, outputs: 2)
        let count = problem.rows.count / depth
        for range in chunks(of: block, covering: count) {
            moments.add(
                rows: Array(problem.rows[range.lowerBound * depth..<range.upperBound * depth]),
                targets: Array(problem.targets[range.lowerBound * 2..<range.upperBound * 2])
            )
        }
        return moments
    }

    @Test("an exact linear map is found, whatever the blocks the rows came in")
    func exact() throws {
        let problem = problem(rows: 300, depth: 5, noise: 0)
        for block in [300, 70, 1] {
            let moments = moments(problem, depth: 5, block: block)
            let fit = try #require(
                LeastSquaresFit(
                    moments,
                    from: [Double](repeating: 0, count: 10),
                    ridge: 1e-12,
                    hasBias: true
                )
            )
            #expect(zip(fit.weights, problem.weights).allSatisfy { abs($0 - $1) < 1e-8 })
            #expect(fit.bias.allSatisfy { abs($0 - 3) < 1e-6 })
            #expect(fit.residual < 1e-9)
        }
    }

    @Test("weights that fit already stay as they are, whatever the ridge")
    func stays() throws {
        let problem = problem(rows: 50, depth: 4, noise: 0)
        let fit = try #require(
            LeastSquaresFit(
                moments(problem, depth: 4, block: 50),
                from: problem.weights,
                ridge: 1,
                hasBias: true
            )
        )
        #expect(zip(fit.weights, problem.weights).allSatisfy { abs($0 - $1) < 1e-9 })
    }

    @Test("the fit over rows equals the fit over moments")
    func sampled() throws {
        let problem = problem(rows: 40, depth: 6, noise: 0.3)
        let start = [Double](repeating: 0.2, count: 12)
        for hasBias in [true, false] {
            let first = try #require(
                LeastSquaresFit(
                    moments(problem, depth: 6, block: 40),
                    from: start,
                    ridge: 1e-3,
                    hasBias: hasBias
                )
            )
            let second = try #require(
                LeastSquaresFit(
                    rows: problem.rows,
                    targets: problem.targets,
                    depth: 6,
                    from: start,
                    ridge: 1e-3,
                    hasBias: hasBias
                )
            )
            #expect(zip(first.weights, second.weights).allSatisfy { abs($0 - $1) < 1e-6 })
            #expect(abs(first.residual - second.residual) < 1e-6)
        }
    }

    @Test("more columns than rows give finite weights that answer every row")
    func underdetermined() throws {
        let problem = problem(rows: 8, depth: 30, noise: 0)
        let fit = try #require(
            LeastSquaresFit(
                rows: problem.rows,
                targets: problem.targets,
                depth: 30,
                from: [Double](repeating: 0, count: 60),
                ridge: 1e-9,
                hasBias: true
            )
        )
        #expect(fit.weights.allSatisfy { $0.isFinite })
        #expect(fit.residual < 1e-6)
    }

    @Test("rescaled weights give the targets' deviation and mean")
    func rescaled() throws {
        let problem = problem(rows: 400, depth: 3, noise: 4)
        let moments = moments(problem, depth: 3, block: 64)
        let start = [Double](repeating: 0, count: 6)
        let fit = try #require(
            LeastSquaresFit(moments, from: start, ridge: 1e-9, hasBias: true)
        )
        #expect(fit.deviationRatio.allSatisfy { $0 > 1.1 })
        let rescaled = fit.rescaled
        let covariance = moments.covariance
        for output in 0..<2 {
            var (variance, mean) = (0.0, rescaled.bias[output])
            for row in 0..<3 {
                mean += moments.rowMean[row] * rescaled.weights[row * 2 + output]
                for column in 0..<3 {
                    variance +=
                        rescaled.weights[row * 2 + output] * covariance[row, column]
                        * rescaled.weights[column * 2 + output]
                }
            }
            #expect(abs(variance - moments.targetVariance[output]) < 1e-6 * variance)
            #expect(abs(mean - moments.targetMean[output]) < 1e-6)
        }
    }
}
