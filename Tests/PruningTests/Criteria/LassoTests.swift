import Datasets
import Engine
import Graph
import Pruning
import Tensors
import Testing

@Suite struct LassoTests {
    private let fixture: LassoFixture
    /// Each channel's contributions, `[(t, o), c]`.
    private let rows: [Double]

    init() throws {
        fixture = try LassoFixture.load()
        rows = Lasso.contributions(
            of: fixture.inputs,
            weights: fixture.weights,
            outputs: fixture.outputs,
            columns: fixture.columns
        )
    }

    /// `Z' Z / M` and `Z' y / M`, centred, in the plainest form.
    private func moments(
        _ rows: [Double],
        _ target: [Double],
        outputs: Int
    ) -> (gram: SquareMatrix, target: [Double]) {
        let count = target.count
        let width = rows.count / count
        let joint = (0..<count).map { row in
            Array(rows[row * width..<(row + 1) * width]) + [target[row]]
        }
        var products = [[Double]](
            repeating: [Double](repeating: 0, count: width + 1),
            count: width
        )
        for output in 0..<outputs {
            let own = joint.indices.filter { $0 % outputs == output }.map { joint[$0] }
            let means = (0...width).map { column in
                own.reduce(0) { $0 + $1[column] } / Double(own.count)
            }
            for row in own {
                for left in 0..<width {
                    for right in 0...width {
                        products[left][right] +=
                            (row[left] - means[left]) * (row[right] - means[right])
                            / Double(count)
                    }
                }
            }
        }
        let gram = SquareMatrix(size: width, values: products.flatMap { $0.prefix(width) })
        return (gram, products.map { $0[width] })
    }

    @Test("both forms find scikit-learn's coefficients")
    func scikitLearn() throws {
        let moments = moments(rows, fixture.target, outputs: 1)
        #expect(fixture.solutions.count == 5)
        for solution in fixture.solutions {
            let byGram = Lasso.coefficients(
                gram: moments.gram,
                target: moments.target,
                penalty: solution.penalty
            )
            let byRows = Lasso.coefficients(
                rows: rows,
                target: fixture.target,
                columns: fixture.channels,
                outputs: 1,
                penalty: solution.penalty
            )
            for (channel, wanted) in solution.coefficients.enumerated() {
                #expect(abs(byGram[channel] - wanted) < 1e-7)
                #expect(abs(byRows[channel] - wanted) < 1e-7)
                #expect((byGram[channel] == 0) == (wanted == 0))
            }
        }
    }

    @Test("with an intercept per output both forms agree, and differ from a single intercept")
    func intercepts() throws {
        let moments = moments(rows, fixture.target, outputs: fixture.outputs)
        for penalty in [0, 0.004, 0.03, 0.08] {
            let byGram = Lasso.coefficients(
                gram: moments.gram,
                target: moments.target,
                penalty: penalty
            )
            let byRows = Lasso.coefficients(
                rows: rows,
                target: fixture.target,
                columns: fixture.channels,
                outputs: fixture.outputs,
                penalty: penalty
            )
            let single = Lasso.coefficients(
                rows: rows,
                target: fixture.target,
                columns: fixture.channels,
                outputs: 1,
                penalty: penalty
            )
            #expect(zip(byGram, byRows).allSatisfy { abs($0 - $1) < 1e-7 })
            #expect(zip(single, byRows).contains { abs($0 - $1) > 1e-4 })
        }
    }

    @Test("the objective of a group is the Gram form over the rows its consumer reads")
    func groupObjective() throws {
        var builder = NetworkBuilder(input: [6, 6, 2])
        let made = builder.relu("relu", builder.convolution("made", 0, 5))
        let output = builder.convolution("read", made, 3)
        let network = try builder.network(output: output)
        let samples = TestData.samples(4, [6, 6, 2])
        let groups = CouplingAnalysis(network).groups
        let statistics = GroupStatistics(
            network: network,
            samples: samples,
            batchSize: 4,
            floors: [1]
        )
        let centred = try #require(statistics.measure(groups)[0].objective).centred
        let value = try #require(
            Inference(network).values(of: [made], inputs: [samples.batch([0, 1, 2, 3])])[made]
        )
        let kernel = network.layers[3]
        let patches = try #require(PatchRows(of: kernel.kind, input: value, step: 1))
        let rows = Lasso.contributions(
            of: patches.values,
            weights: kernel.weights[0].values.map(Double.init),
            outputs: 3,
            columns: (0..<5).map { unit in (0..<9).map { $0 * 5 + unit } }
        )
        let target = (0..<rows.count / 5).map { row in rows[row * 5..<row * 5 + 5].reduce(0, +) }
        // The objective is a share of the outputs' variance, the rows are one per output.
        let variance = moments(target, target, outputs: 3).gram[0, 0]
        for share in [0.01, 0.1, 0.3] {
            let byGram = Lasso.coefficients(
                gram: centred.matrix,
                target: centred.gradient(removing: Array(0..<5)),
                penalty: share
            )
            let byRows = Lasso.coefficients(
                rows: rows,
                target: target,
                columns: 5,
                outputs: 3,
                penalty: share * variance
            )
            #expect(zip(byGram, byRows).allSatisfy { abs($0 - $1) < 1e-5 })
            #expect(byGram.contains { $0 != 0 })
        }
    }

    @Test("the cross moments of rows and other targets give the asymmetric target")
    func asymmetric() throws {
        let (depth, outputs) = (fixture.channels * fixture.taps, fixture.outputs)
        var joint = JointMoments(depth: depth, outputs: outputs)
        joint.add(rows: fixture.inputs, targets: fixture.target)
        let target = Lasso.target(
            cross: joint.cross,
            weights: fixture.weights,
            outputs: outputs,
            columns: fixture.columns
        )
        let direct = moments(rows, fixture.target, outputs: outputs)
        for (found, wanted) in zip(target, direct.target) {
            #expect(abs(found - wanted * Double(outputs)) < 1e-10)
        }
        // Asked for what it has itself, a group is back at the symmetric case.
        let own = LassoChoice(QuadraticObjective(direct.gram))
        let same = LassoChoice(QuadraticObjective(direct.gram), cross: direct.gram)
        for count in 0..<7 { #expect(own.removed(count) == same.removed(count)) }
        let other = LassoChoice(gram: direct.gram, target: direct.target.map { -$0 })
        #expect((1..<7).allSatisfy { other.removed($0).count == $0 })
    }

    @Test("the units that stay are the ones some penalty leaves, a dead one goes first")
    func choice() throws {
        let moments = moments(rows, fixture.target, outputs: 1)
        let choice = LassoChoice(gram: moments.gram, target: moments.target)
        #expect(choice.removed(1) == [5])
        for solution in fixture.solutions.dropFirst() {
            let zeros = solution.coefficients.indices.filter { solution.coefficients[$0] == 0 }
            #expect(choice.removed(zeros.count) == zeros)
            let kept = choice.coefficients(keeping: 7 - zeros.count).indices.filter {
                choice.coefficients(keeping: 7 - zeros.count)[$0] != 0
            }
            #expect(Set(kept).isDisjoint(with: zeros))
        }
    }

    @Test("where no penalty leaves exactly so many, the largest coefficients stay")
    func twins() throws {
        // Two pairs of equal importance enter and leave together.
        var gram = SquareMatrix(size: 4)
        for (unit, square) in [1.0, 1, 3, 3].enumerated() { gram[unit, unit] = square }
        let choice = LassoChoice(gram: gram, target: [1, 1, 3, 3])
        #expect(choice.removed(2) == [0, 1])
        #expect(choice.removed(1) == [0])
        #expect(choice.removed(3) == [0, 1, 2])
        let nothing = LassoChoice(gram: SquareMatrix(size: 3), target: [0, 0, 0])
        #expect(nothing.removed(2) == [0, 1])
    }
}
