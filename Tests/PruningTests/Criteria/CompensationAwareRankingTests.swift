import Pruning
import Tensors
import Testing

@Suite struct CompensationAwareRankingTests {
    /// A consumer with the rows its covariance was taken from.
    private struct Consumer {
        var rows: [[Double]]
        var part: LeastSquaresObjective.Part

        /// The variance that is left when the outputs are fitted anew by the columns of kept units, by normal equations.
        func error(keeping kept: [Int], ridge: Double) -> Double {
            let gone = (0..<part.columns.count).filter { !kept.contains($0) }
                .flatMap { part.columns[$0] }
            let columns = (0..<part.covariance.size).filter { !gone.contains($0) }
            let outputs = part.weights.count / part.covariance.size
            let means = (0..<part.covariance.size).map { column in
                rows.reduce(0) { $0 + $1[column] } / Double(rows.count)
            }
            let centred = rows.map { row in zip(row, means).map { $0 - $1 } }
            var error = 0.0
            for output in 0..<outputs {
                let answers = centred.map { row in
                    row.indices.reduce(0) { $0 + row[$1] * part.weights[$1 * outputs + output] }
                }
                let normal = columns.map { left in
                    columns.map { right in
                        centred.reduce(left == right ? ridge * Double(rows.count) : 0) {
                            $0 + $1[left] * $1[right]
                        }
                    }
                }
                let side = columns.map { column in
                    zip(centred, answers).reduce(0) { $0 + $1.0[column] * $1.1 }
                }
                let solution = columns.isEmpty ? [] : DenseSolver.solve(normal, side)
                for (row, answer) in zip(centred, answers) {
                    let fitted = zip(columns, solution).reduce(0) { $0 + row[$1.0] * $1.1 }
                    error += (answer - fitted) * (answer - fitted) / Double(rows.count)
                }
            }
            return part.scale * error
        }
    }

    /// A consumer of `units` units of two columns each, and of `others` columns that are not the group's.
    private func consumer(
        units: Int,
        others: Int = 0,
        seed: UInt64,
        scale: Double = 1,
        dead: [Int] = []
    ) -> Consumer {
        var random = CounterRandom(seed: seed, stage: "consumer")
        let (taps, outputs) = (2, 3)
        let width = units + others
        let depth = width * taps
        let rows = (0..<60).map { _ in
            let common = Double(random.nextNormal())
            return (0..<depth).map { column in
                let value = Double(random.nextNormal()) + 0.6 * common + 2
                return dead.contains(column % width) ? 0.75 : value
            }
        }
        var moments = JointMoments(depth: depth)
        moments.add(rows: rows.flatMap { $0 })
        return Consumer(
            rows: rows,
            part: LeastSquaresObjective.Part(
                covariance: moments.covariance,
                weights: (0..<depth * outputs).map { _ in Double(random.nextNormal()) },
                columns: (0..<units).map { unit in (0..<taps).map { $0 * width + unit } },
                scale: scale
            )
        )
    }

    private func expectRanking(_ consumers: [Consumer]) {
        let ranking = CompensationAwareRanking(LeastSquaresObjective(consumers.map(\.part)))
        let units = consumers[0].part.columns.count
        #expect(ranking.chosen.sorted() == Array(0..<units))
        #expect(ranking.energies.count == units + 1)
        func error(_ kept: [Int]) -> Double {
            consumers.reduce(0) { $0 + $1.error(keeping: kept, ridge: 0) }
        }
        let whole = error([])
        for count in 0...units {
            let kept = Array(ranking.chosen.prefix(count))
            #expect(abs(ranking.energies[count] - error(kept)) < 2e-5 * whole)
            guard count < units else { continue }
            // The next one is the best of all that are left.
            let left = (0..<units).filter { !kept.contains($0) }
            let errors = left.map { error(kept + [$0]) }
            let best = left[errors.firstIndex(of: errors.min() ?? 0) ?? 0]
            #expect(ranking.chosen[count] == best)
            #expect(ranking.removed(units - count) == left)
        }
    }

    @Test("each prefix is the best extension of the one before, by a direct solve")
    func oneConsumer() {
        for seed in 1...4 { expectRanking([consumer(units: 6, seed: UInt64(seed))]) }
    }

    @Test("several consumers count by their scales")
    func severalConsumers() {
        expectRanking([
            consumer(units: 5, seed: 7, scale: 0.5), consumer(units: 5, seed: 8, scale: 0.02),
        ])
        let left = consumer(units: 5, seed: 7).part
        let rankings = (UInt64(20)..<26).map { seed in
            let right = consumer(units: 5, seed: seed, scale: 9).part
            return CompensationAwareRanking(LeastSquaresObjective([left, right])).chosen
        }
        #expect(Set(rankings).count > 3)
    }

    @Test("what a consumer reads beside the group is kept all along")
    func otherInputs() {
        expectRanking([consumer(units: 4, others: 3, seed: 5)])
    }

    @Test("units without variance come last, and cost nothing")
    func constants() {
        let consumer = consumer(units: 6, seed: 3, dead: [0, 4])
        let ranking = CompensationAwareRanking(LeastSquaresObjective([consumer.part]))
        #expect(ranking.chosen.suffix(2) == [0, 4])
        #expect(ranking.removed(2) == [0, 4])
        #expect(ranking.energies[4] < 2e-5 * ranking.energies[0])
        #expect(ranking.energies[4] == ranking.energies[6])
    }

    @Test("the error after least squares is that of the normal equations over the rows")
    func normalEquations() {
        for seed in 1...3 {
            let consumers = [
                consumer(units: 5, others: 1, seed: UInt64(seed), scale: 0.25),
                consumer(units: 5, seed: UInt64(seed + 10)),
            ]
            let objective = LeastSquaresObjective(consumers.map(\.part))
            let whole = consumers.reduce(0) { $0 + $1.error(keeping: [], ridge: 0) }
            for removed in [[0], [1, 3], [0, 2, 4], [0, 1, 2, 3, 4]] {
                let kept = (0..<5).filter { !removed.contains($0) }
                let direct = consumers.reduce(0) { $0 + $1.error(keeping: kept, ridge: 0) }
                #expect(abs(objective.energy(removing: removed) - direct) < 2e-5 * whole)
            }
        }
    }

    @Test("the ranking does not depend on the number of threads")
    func threads() {
        let objective = LeastSquaresObjective([consumer(units: 12, seed: 2).part])
        let threads = ThreadPool.shared.threads
        defer { ThreadPool.shared.setThreads(threads) }
        ThreadPool.shared.setThreads(1)
        let one = CompensationAwareRanking(objective)
        ThreadPool.shared.setThreads(4)
        let four = CompensationAwareRanking(objective)
        #expect(one.chosen == four.chosen)
        #expect(one.energies == four.energies)
    }
}
