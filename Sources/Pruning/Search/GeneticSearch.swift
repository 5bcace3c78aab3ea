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
        var generations: [Double] = []
        var removed = run(using: &random) { generations.append($0.smallestEnergy) }
        if settings.mode == .full {
            // Exchanges from another start can end lower than the best genome's own.
            let polished = objective.swapped(removed)
            let greedy = objective.greedyChoice(removals)
            let isLower =
                objective.energy(removing: greedy) < objective.energy(removing: polished)
            removed = isLower ? greedy : polished
            if ExactSearch.ways(of: removals, from: objective.size) != nil {
                removed = ExactSearch.run(objective, from: removed).removed
            }
        }
        let energy = objective.energy(removing: removed)
        return Result(removed: removed, energy: energy, generations: generations)
    }

    /// Runs the generations and shows each of them.
    ///
    /// - Returns: The best genome's removed units, ascending.
    package func run(
        using random: inout CounterRandom,
        observe: (Population) -> Void
    ) -> [Int] {
        var population = firstGeneration(using: &random)
        observe(population)
        var best = population.smallestEnergy
        var stale = 0
        for _ in 0..<settings.generations where removals > 0 && removals < objective.size {
            population = nextGeneration(population, using: &random)
            observe(population)
            stale = population.smallestEnergy < best ? 0 : stale + 1
            best = min(best, population.smallestEnergy)
            if stale >= settings.patience { break }
        }
        return population.genomes[population.ranking[0]].removed
    }

    private func firstGeneration(using random: inout CounterRandom) -> Population {
        let size = max(settings.population, Self.elites + 1)
        var genomes: [Genome] = []
        if settings.mode == .full {
            genomes = seeds.prefix(size).map { Genome(size: objective.size, removed: $0) }
        }
        let share = Float(removals) / Float(max(objective.size, 1))
        while genomes.count < size {
            let bits = (0..<objective.size).map { _ in random.nextUniform() < share }
            genomes.append(Genome(bits))
        }
        return finished(genomes, after: Population(), mutating: false, using: &random)
    }

    private func nextGeneration(
        _ population: Population,
        using random: inout CounterRandom
    ) -> Population {
        let next = population.best(Self.elites)
        var children: [Genome] = []
        while children.count < population.genomes.count - next.genomes.count {
            let first = population.genomes[parent(population, using: &random)]
            guard random.nextUniform() < Self.crossoverRate else {
                children.append(first)
                continue
            }
            let second = population.genomes[parent(population, using: &random)]
            children.append(first.crossed(with: second, using: &random))
        }
        return finished(children, after: next, mutating: true, using: &random)
    }

    /// One matrix product gives the gradients of all new genomes; repair and mutation go on from them.
    private func finished(
        _ children: [Genome],
        after elites: Population,
        mutating isMutating: Bool,
        using random: inout CounterRandom
    ) -> Population {
        let size = objective.size
        let gradients = objective.gradients(
            of: children.flatMap(\.numbers),
            count: children.count
        )
        var population = elites
        for (index, genome) in children.enumerated() {
            var candidate = Candidate(
                genome: genome,
                gradient: Array(gradients[index * size..<(index + 1) * size])
            )
            repair(&candidate, using: &random)
            if isMutating, random.nextUniform() < Self.mutationRate {
                mutate(&candidate, using: &random)
            }
            population.append(candidate)
        }
        return population
    }

    /// Tournament in full mode, roulette on `1 / E` in plain mode.
    private func parent(_ population: Population, using random: inout CounterRandom) -> Int {
        let energies = population.energies
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

    /// Brings the number of removed units to exactly what is asked: greedily in full mode, by chance in plain mode.
    private func repair(_ candidate: inout Candidate, using random: inout CounterRandom) {
        while candidate.genome.count != removals {
            let isExcess = candidate.genome.count > removals
            let choices = candidate.genome.units(removed: isExcess)
            let unit: Int?
            switch settings.mode {
            case .plain: unit = choices.randomElement(using: &random)
            case .full:
                let gradient = candidate.gradient
                unit = choices.min { left, right in
                    let first =
                        isExcess
                        ? objective.rise(restoring: left, gradient: gradient)
                        : objective.rise(removing: left, gradient: gradient)
                    let second =
                        isExcess
                        ? objective.rise(restoring: right, gradient: gradient)
                        : objective.rise(removing: right, gradient: gradient)
                    return (first, left) < (second, right)
                }
            }
            guard let unit else { return }
            candidate.flip(unit, in: objective)
        }
    }

    /// Exchanges removed and kept units by chance, one and a Poisson number with mean a half more.
    private func mutate(_ candidate: inout Candidate, using random: inout CounterRandom) {
        for _ in 0..<1 + Self.poisson(0.5, using: &random) {
            guard
                let back = candidate.genome.units(removed: true).randomElement(using: &random),
                let away = candidate.genome.units(removed: false).randomElement(using: &random)
            else { return }
            candidate.flip(back, in: objective)
            candidate.flip(away, in: objective)
        }
    }

    /// Source: Knuth, "The Art of Computer Programming", volume 2, section 3.4.1, algorithm Q.
    private static func poisson(_ mean: Double, using random: inout CounterRandom) -> Int {
        let limit = Double.exponential(-mean)
        var product = Double(random.nextUniform())
        var count = 0
        while product > limit, count < 64 {
            product *= Double(random.nextUniform())
            count += 1
        }
        return count
    }
}
