import Pruning
import Tensors
import Testing

@Suite struct SearchTests {
    /// A random positive semidefinite objective; a rank below the size makes it singular.
    static func objective(_ size: Int, seed: UInt64, rank: Int? = nil) -> QuadraticObjective {
        var random = CounterRandom(seed: seed, stage: "objective")
        let rank = rank ?? size
        let root = (0..<size * rank).map { _ in Double(random.nextNormal()) }
        var matrix = SquareMatrix(size: size)
        for row in 0..<size {
            for column in 0..<size {
                matrix[row, column] = (0..<rank).reduce(0) {
                    $0 + root[row * rank + $1] * root[column * rank + $1]
                }
            }
        }
        return QuadraticObjective(matrix)
    }

    @Test("the search finds the optimum that enumeration finds", arguments: [1, 2, 3, 4, 5, 6])
    func optimum(seed: UInt64) {
        let objective = Self.objective(12, seed: seed)
        let exact = ExactSearch.run(objective, from: Array(0..<5))
        #expect(exact.isProved)
        #expect(exact.energy <= objective.energy(removing: objective.greedyChoice(5)) + 1e-12)
        var random = CounterRandom(seed: seed, stage: "search")
        let result = GeneticSearch(objective, removing: 5, settings: SearchSettings())
            .run(using: &random)
        #expect(result.removed.count == 5)
        #expect(abs(result.energy - exact.energy) < 1e-9 * exact.energy)
    }

    @Test(
        "where greedy choice with exchanges misses the optimum, the exact search has the last word"
    )
    func exactDecides() {
        var missed = 0
        for seed in 1...6 as ClosedRange<UInt64> {
            var matrix = Self.objective(16, seed: seed, rank: 4).matrix
            for unit in 0..<16 { matrix[unit, unit] += 4 + Double(unit) / 4 }
            let objective = QuadraticObjective(matrix)
            let greedy = objective.energy(removing: objective.greedyChoice(8))
            let exact = ExactSearch.run(objective, from: objective.greedyChoice(8))
            #expect(exact.isProved)
            #expect(exact.energy <= greedy && greedy <= 1.05 * exact.energy)
            if exact.energy < greedy * (1 - 1e-9) { missed += 1 }
            var random = CounterRandom(seed: seed, stage: "search")
            let result = GeneticSearch(objective, removing: 8, settings: SearchSettings())
                .run(using: &random)
            #expect(result.energy <= exact.energy * (1 + 1e-12))
        }
        #expect(missed > 0)
    }

    @Test("branch and bound proves what enumeration finds, and its bound is never above it")
    func branchAndBound() {
        var matrix = Self.objective(26, seed: 3, rank: 3).matrix
        for unit in 0..<26 { matrix[unit, unit] += 3 + Double(unit) }
        let objective = QuadraticObjective(matrix)
        #expect(ExactSearch.ways(of: 8, from: 26) == nil)
        let start = objective.greedyChoice(8)
        let proved = ExactSearch.run(objective, from: start, nodes: 2_000_000)
        #expect(proved.isProved)
        #expect(proved.energy <= objective.energy(removing: start))
        let stopped = ExactSearch.run(objective, from: Array(0..<8).map { 25 - $0 }, nodes: 5)
        #expect(!stopped.isProved)
        #expect(stopped.bound > 0)
        #expect(stopped.bound <= proved.energy * (1 + 1e-9))
    }

    @Test("full mode never ends above greedy choice with exchanges", arguments: [16, 40, 64])
    func neverAboveGreedy(size: Int) {
        for kept in [size / 4, size / 2, 3 * size / 4] {
            let objective = Self.objective(size, seed: UInt64(size + kept))
            var random = CounterRandom(seed: 1, stage: "search")
            let result = GeneticSearch(
                objective,
                removing: size - kept,
                settings: SearchSettings()
            ).run(using: &random)
            let greedy = objective.energy(removing: objective.greedyChoice(size - kept))
            #expect(result.energy <= greedy)
            #expect(result.removed.count == size - kept)
        }
    }

    @Test("both modes keep the exact number and never get worse, and equal seeds give equal bits")
    func invariants() {
        for mode in SearchSettings.Mode.allCases {
            var settings = SearchSettings()
            settings.mode = mode
            let objective = Self.objective(20, seed: 9)
            let search = GeneticSearch(objective, removing: 8, settings: settings)
            var (random, again) = (
                CounterRandom(seed: 9, stage: "search"), CounterRandom(seed: 9, stage: "search")
            )
            let result = search.run(using: &random)
            #expect(result.removed.count == 8)
            #expect(zip(result.generations, result.generations.dropFirst()).allSatisfy { $0 >= $1 })
            let threads = ThreadPool.shared.threads
            ThreadPool.shared.setThreads(1)
            #expect(search.run(using: &again) == result)
            ThreadPool.shared.setThreads(threads)
        }
    }

    @Test(
        "every genome of every generation removes the exact number, and its energy is its own",
        arguments: SearchSettings.Mode.allCases
    )
    func everyGenome(mode: SearchSettings.Mode) {
        let objective = Self.objective(30, seed: 4)
        var settings = SearchSettings()
        settings.mode = mode
        settings.generations = 12
        let seeds = [objective.diagonalChoice(11), objective.forwardChoice(11)]
        let search = GeneticSearch(objective, removing: 11, settings: settings, seeds: seeds)
        var random = CounterRandom(seed: 4, stage: "search")
        var generations = 0
        _ = search.run(using: &random) { population in
            generations += 1
            #expect(population.genomes.count == settings.population)
            for (genome, energy) in zip(population.genomes, population.energies) {
                #expect(genome.bits.count { $0 } == 11 && genome.count == 11)
                // The gradient a genome carries was changed flip by flip by every operator.
                let anew = objective.energy(removing: genome.removed)
                #expect(abs(energy - anew) < 1e-9 * anew)
            }
        }
        #expect(generations > 2)
    }

    @Test("the energies of a population by one matrix product equal those one by one")
    func population() {
        let objective = Self.objective(9, seed: 3)
        var random = CounterRandom(seed: 3, stage: "genomes")
        let genomes = (0..<7).map { _ in (0..<9).map { _ in Bool.random(using: &random) } }
        let energies = objective.energies(of: genomes.flatMap { $0.map { $0 ? 1 : 0 } }, count: 7)
        for (genome, energy) in zip(genomes, energies) {
            let alone = objective.energy(removing: genome.indices.filter { genome[$0] })
            #expect(abs(alone - energy) < 1e-9 * max(alone, 1))
        }
    }

    @Test("changes of E for a flip and for an exchange equal what computing E anew gives")
    func increments() {
        let objective = Self.objective(10, seed: 8)
        let removed = [1, 4, 7]
        let energy = objective.energy(removing: removed)
        var gradient = objective.gradient(removing: removed)
        func isClose(_ rise: Double, _ other: [Int]) -> Bool {
            abs(energy + rise - objective.energy(removing: other)) < 1e-10 * max(energy, 1)
        }
        #expect(isClose(objective.rise(removing: 2, gradient: gradient), [1, 2, 4, 7]))
        #expect(isClose(objective.rise(restoring: 4, gradient: gradient), [1, 7]))
        let swap = objective.rise(restoring: 4, removing: 2, gradient: gradient)
        #expect(isClose(swap, [1, 2, 7]))
        objective.add(2, times: 1, to: &gradient)
        let anew = objective.gradient(removing: [1, 2, 4, 7])
        #expect(zip(gradient, anew).allSatisfy { abs($0 - $1) < 1e-10 })
    }
}
