import Tensors

/// Chooses which units of a group go, by a genetic algorithm over bit strings with an exact number of ones.
///
/// Source: Hu et al. 2018, "A novel channel pruning method for deep neural network compression", arXiv:1805.11394, for
///   the idea: a genome per layer, Bernoulli start, the squared error of pre-activations as fitness.
///   Differs: populations, operators and rates are our own (METHODS 1.5); the paper's are not known to us.
public struct GeneticSearch: Sendable {
    private static let elites = 2
    private static let tournament = 3
    private static let crossoverRate: Float = 0.8
    private static let mutationRate: Float = 0.3

    private let objective: QuadraticObjective
    private let removals: Int
    private let settings: SearchSettings
    /// Genomes put into the first generation in full mode, each a list of removed units.
    private let seeds: [[Int]]

    /// What a search found.
    public struct Result: Sendable, Hashable {
        /// The units that go, ascending.
        public var removed: [Int]
        /// Their E.
        public var energy: Double
        /// The best E after each generation.
        public var generations: [Double]
    }

    /// Makes a search for the best removal of exactly `removals` units.
    public init(
        _ objective: QuadraticObjective,
        removing removals: Int,
        settings: SearchSettings,
        seeds: [[Int]] = []
    ) {
        precondition((0...objective.size).contains(removals), "more removals than units")
        self.objective = objective
        self.removals = removals
        self.settings = settings
        self.seeds = seeds
    }

    /// Runs the search; equal random state gives an equal result.
    public func run(using random: inout CounterRandom) -> Result {
        var population = firstGeneration(using: &random)
        var energies = evaluate(population)
        var history = [energies.min() ?? 0]
        var stale = 0
        for _ in 0..<settings.generations where removals > 0 && removals < objective.size {
            population = nextGeneration(population, energies: energies, using: &random)
            energies = evaluate(population)
            let best = energies.min() ?? 0
            stale = best < history[history.count - 1] ? 0 : stale + 1
            history.append(best)
            if stale >= settings.patience { break }
        }
        let winner = ranking(energies)[0]
        var removed = population[winner].indices.filter { population[winner][$0] }
        if settings.mode == .full { removed = objective.swapped(removed) }
        let energy = objective.energy(removing: removed)
        return Result(removed: removed, energy: energy, generations: history)
    }

    private func evaluate(_ population: [[Bool]]) -> [Double] {
        objective.energies(
            of: population.flatMap { $0.map { $0 ? 1 : 0 } },
            count: population.count
        )
    }

    private func ranking(_ energies: [Double]) -> [Int] {
        energies.indices.sorted { (energies[$0], $0) < (energies[$1], $1) }
    }

    private func firstGeneration(using random: inout CounterRandom) -> [[Bool]] {
        var population: [[Bool]] = []
        if settings.mode == .full {
            for seed in seeds.prefix(settings.population) {
                var genome = [Bool](repeating: false, count: objective.size)
                for unit in seed { genome[unit] = true }
                population.append(repaired(genome, using: &random))
            }
        }
        let share = Float(removals) / Float(max(objective.size, 1))
        while population.count < max(settings.population, Self.elites + 1) {
            let genome = (0..<objective.size).map { _ in random.nextUniform() < share }
            population.append(repaired(genome, using: &random))
        }
        return population
    }

    private func nextGeneration(
        _ population: [[Bool]],
        energies: [Double],
        using random: inout CounterRandom
    ) -> [[Bool]] {
        var next = ranking(energies).prefix(Self.elites).map { population[$0] }
        while next.count < population.count {
            let first = population[parent(energies, using: &random)]
            let second = population[parent(energies, using: &random)]
            var child = first
            if random.nextUniform() < Self.crossoverRate {
                for unit in child.indices where Bool.random(using: &random) {
                    child[unit] = second[unit]
                }
                child = repaired(child, using: &random)
            }
            if random.nextUniform() < Self.mutationRate { mutate(&child, using: &random) }
            next.append(child)
        }
        return next
    }

    /// Tournament in full mode, roulette on `1 / E` in plain mode.
    private func parent(_ energies: [Double], using random: inout CounterRandom) -> Int {
        switch settings.mode {
        case .full:
            var best = Int.random(in: energies.indices, using: &random)
            for _ in 1..<Self.tournament {
                let other = Int.random(in: energies.indices, using: &random)
                if energies[other] < energies[best] { best = other }
            }
            return best
        case .plain:
            let floor = 1e-12 * max(objective.matrix.trace, .leastNormalMagnitude)
            let chances = energies.map { 1 / (max($0, 0) + floor) }
            var left = Double(random.nextUniform()) * chances.reduce(0, +)
            for (index, chance) in chances.enumerated() {
                left -= chance
                if left <= 0 { return index }
            }
            return energies.count - 1
        }
    }

    /// Exchanges removed and kept units: one, and each further one with half the chance of the last.
    private func mutate(_ genome: inout [Bool], using random: inout CounterRandom) {
        repeat {
            let removed = genome.indices.filter { genome[$0] }
            let kept = genome.indices.filter { !genome[$0] }
            guard let back = removed.randomElement(using: &random),
                let away = kept.randomElement(using: &random)
            else { return }
            genome[back] = false
            genome[away] = true
        } while Bool.random(using: &random)
    }

    /// Brings the number of removed units to exactly what is asked: greedily in full mode, by chance in plain mode.
    private func repaired(_ genome: [Bool], using random: inout CounterRandom) -> [Bool] {
        var genome = genome
        var count = genome.count { $0 }
        guard count != removals else { return genome }
        var gradient = objective.gradient(removing: genome.indices.filter { genome[$0] })
        while count != removals {
            let isExcess = count > removals
            let candidates = genome.indices.filter { genome[$0] == isExcess }
            let unit = pick(candidates, isExcess: isExcess, gradient: gradient, using: &random)
            genome[unit].toggle()
            count += isExcess ? -1 : 1
            let sign = isExcess ? -1.0 : 1.0
            for row in gradient.indices { gradient[row] += sign * objective.matrix[row, unit] }
        }
        return genome
    }

    private func pick(
        _ candidates: [Int],
        isExcess: Bool,
        gradient: [Double],
        using random: inout CounterRandom
    ) -> Int {
        guard settings.mode == .full else {
            return candidates.randomElement(using: &random) ?? candidates[0]
        }
        let sign = isExcess ? -1.0 : 1.0
        func rise(_ unit: Int) -> Double {
            sign * 2 * gradient[unit] + objective.matrix[unit, unit]
        }
        return candidates.min { (rise($0), $0) < (rise($1), $1) } ?? candidates[0]
    }
}
