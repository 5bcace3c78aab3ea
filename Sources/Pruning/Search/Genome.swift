import Tensors

/// One candidate: which units of a group go.
package struct Genome: Sendable, Equatable {
    /// True where a unit is removed.
    package private(set) var bits: [Bool]
    /// How many are.
    package private(set) var count: Int

    init(_ bits: [Bool]) {
        self.bits = bits
        count = bits.count { $0 }
    }

    init(size: Int, removed: [Int]) {
        bits = [Bool](repeating: false, count: size)
        for unit in removed { bits[unit] = true }
        count = Set(removed).count
    }

    package var removed: [Int] { units(removed: true) }

    var numbers: [Double] { bits.map { $0 ? 1 : 0 } }

    /// The units that are removed, or that are not, ascending.
    func units(removed isRemoved: Bool) -> [Int] {
        bits.indices.filter { bits[$0] == isRemoved }
    }

    mutating func flip(_ unit: Int) {
        bits[unit].toggle()
        count += bits[unit] ? 1 : -1
    }

    /// Uniform crossover: each bit from either parent, so that bits they share stay.
    func crossed(with other: Genome, using random: inout CounterRandom) -> Genome {
        var child = bits
        var word: UInt64 = 0
        for unit in child.indices {
            if unit % 64 == 0 { word = random.next() }
            if word & 1 == 1 { child[unit] = other.bits[unit] }
            word >>= 1
        }
        return Genome(child)
    }
}

/// A genome with its gradient `G r`, kept up to date flip by flip.
struct Candidate: Sendable {
    private(set) var genome: Genome
    private(set) var gradient: [Double]

    init(genome: Genome, gradient: [Double]) {
        self.genome = genome
        self.gradient = gradient
    }

    mutating func flip(_ unit: Int, in objective: QuadraticObjective) {
        genome.flip(unit)
        objective.add(unit, times: genome.bits[unit] ? 1 : -1, to: &gradient)
    }

    /// `r' G r`.
    var energy: Double {
        genome.bits.indices.reduce(0) { genome.bits[$1] ? $0 + gradient[$1] : $0 }
    }
}

/// A generation.
package struct Population: Sendable {
    package private(set) var genomes: [Genome] = []
    package private(set) var energies: [Double] = []

    mutating func append(_ candidate: Candidate) {
        genomes.append(candidate.genome)
        energies.append(candidate.energy)
    }

    /// The best genomes as a population of their own, with the energies they have.
    func best(_ count: Int) -> Population {
        var best = Population()
        for index in ranking.prefix(count) {
            best.genomes.append(genomes[index])
            best.energies.append(energies[index])
        }
        return best
    }

    package var smallestEnergy: Double { energies.min() ?? 0 }

    /// The positions of the genomes, best first; of equals the earlier one.
    var ranking: [Int] {
        energies.indices.sorted { (energies[$0], $0) < (energies[$1], $1) }
    }
}
