import Datasets
import Engine
import Graph
import Pruning
import Tensors
import Testing

/// The error that least squares leaves, `E_ls`, and the Surgeon's way through it (METHODS 13, 3 and 10).
@Suite struct LeastSquaresErrorTests {
    /// A part with random rows; the last unit can repeat the first's columns.
    private func part(
        units: Int,
        rows count: Int,
        repeatsFirst: Bool = false,
        isFirstDead: Bool = false
    ) -> LeastSquaresObjective.Part {
        var random = CounterRandom(seed: 12, stage: "rows")
        let (taps, outputs) = (2, 3)
        let depth = units * taps
        var rows = (0..<count * depth).map { _ in Double(random.nextNormal()) + 0.5 }
        for row in 0..<count {
            for tap in 0..<taps {
                let start = row * depth + tap * units
                rows[start + 1] += 0.7 * rows[start]
                if isFirstDead { rows[start] = 0 }
                if repeatsFirst { rows[start + units - 1] = rows[start] }
            }
        }
        var moments = JointMoments(depth: depth)
        moments.add(rows: rows)
        return LeastSquaresObjective.Part(
            covariance: moments.covariance,
            weights: (0..<depth * outputs).map { _ in Double(random.nextNormal()) },
            columns: (0..<units).map { unit in (0..<taps).map { $0 * units + unit } },
            scale: 1
        )
    }

    @Test("the Surgeon's running error is the error of the same removal worked out at once")
    func surgeon() throws {
        let objective = LeastSquaresObjective([part(units: 6, rows: 200), part(units: 6, rows: 90)])
        let removal = try #require(objective.removal(of: 5))
        #expect(Set(removal.order).count == 5)
        for count in 0...5 {
            let direct = objective.energy(removing: Array(removal.order.prefix(count)))
            #expect(abs(removal.energies[count] - direct) < 1e-4 * max(direct, 1e-3))
        }
        let first = (0..<6).map { objective.energy(removing: [$0]) }
        #expect(first.firstIndex(of: first.min() ?? 0) == removal.order[0])
    }

    @Test("both forms of the least-squares error agree")
    func forms() throws {
        let part = part(units: 6, rows: 400)
        let objective = LeastSquaresObjective([part])
        let depth = part.covariance.size
        let factor = try #require(CholeskyFactor(part.covariance))
        var identity = SquareMatrix(size: depth)
        for index in 0..<depth { identity[index, index] = 1 }
        let inverse = SquareMatrix(
            size: depth,
            values: factor.solve(identity.values, count: depth)
        )
        for removed in [[0], [1, 4], [0, 2, 5], [1, 2, 3, 4], [0, 1, 2, 3, 4, 5]] {
            // tr(W_R' ([C^-1]_RR)^-1 W_R): the Optimal Brain Surgeon's saliency of a set.
            let going = removed.flatMap { part.columns[$0] }
            let own = SquareMatrix(
                size: going.count,
                values: going.flatMap { row in going.map { inverse[row, $0] } }
            )
            let weights = going.flatMap { part.weights[$0 * 3..<($0 + 1) * 3] }
            let solution = try #require(CholeskyFactor(own)).solve(weights, count: 3)
            let saliency = zip(weights, solution).reduce(0) { $0 + $1.0 * $1.1 }
            // The other form has a ridge of a millionth.
            let error = objective.energy(removing: removed)
            #expect(abs(error - saliency) < 1e-5 * saliency)
        }
    }

    @Test("the Surgeon's running weights are those that are fitted to what is left at once")
    func runningWeights() throws {
        let part = part(units: 6, rows: 400)
        var state = SurgeonState(part, inverse: try #require(CholeskyFactor(part.covariance)))
        var removed: [Int] = []
        for unit in [4, 0, 3, 1] {
            state.remove(unit)
            removed.append(unit)
            let going = removed.flatMap { part.columns[$0] }
            let staying = (0..<part.covariance.size).filter { !going.contains($0) }
            let kept = SquareMatrix(
                size: staying.count,
                values: staying.flatMap { row in staying.map { part.covariance[row, $0] } }
            )
            // W_S + C_SS^-1 C_SR W_R
            let lost = staying.flatMap { row in
                (0..<3).map { output in
                    going.reduce(0) {
                        $0 + part.covariance[row, $1] * part.weights[$1 * 3 + output]
                    }
                }
            }
            let taken = try #require(CholeskyFactor(kept)).solve(lost, count: 3)
            for (index, row) in staying.enumerated() {
                for output in 0..<3 {
                    let expected = part.weights[row * 3 + output] + taken[index * 3 + output]
                    #expect(abs(state.weights[row * 3 + output] - expected) < 1e-9)
                }
            }
            for row in going {
                #expect(state.weights[row * 3..<row * 3 + 3].allSatisfy { $0 == 0 })
            }
        }
    }

    @Test(
        "dead and repeated channels and too few rows give finite errors, and a repeated channel is free"
    )
    func singular() throws {
        let repeated = LeastSquaresObjective([part(units: 5, rows: 300, repeatsFirst: true)])
        let removal = try #require(repeated.removal(of: 4))
        #expect(removal.order[0] == 0 || removal.order[0] == 4)
        #expect(removal.energies[1] < 1e-4 * removal.energies[4])
        #expect(repeated.energy(removing: [4]) < 1e-4 * removal.energies[4])
        let dead = LeastSquaresObjective([part(units: 5, rows: 300, isFirstDead: true)])
        let first = try #require(dead.removal(of: 4))
        #expect(first.order[0] == 0)
        let few = LeastSquaresObjective([part(units: 5, rows: 4)])
        let short = try #require(few.removal(of: 4))
        #expect(short.energies.allSatisfy { $0.isFinite })
        #expect(few.energy(removing: [0, 1]).isFinite)
    }
}
