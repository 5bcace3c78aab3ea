import Foundation
import Pruning
import Tensors
import Testing

/// The search on errors of a real network's groups: every group of 16 channels of a ResNet-20 (METHODS 13, 5).
///
/// Written by `Benchmarks/run --objectives`; all ways to remove any number of the channels are tried here.
@Suite struct StoredObjectiveTests {
    struct Stored: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var size: Int
        var lowerTriangle: [Double]

        var testDescription: String { name }

        var objective: QuadraticObjective {
            var matrix = SquareMatrix(size: size)
            for row in 0..<size {
                for column in 0...row {
                    matrix[row, column] = lowerTriangle[row * (row + 1) / 2 + column]
                    matrix[column, row] = matrix[row, column]
                }
            }
            return QuadraticObjective(matrix)
        }
    }

    private static let file = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/objectives/resnet20-16.json")

    static let stored: [Stored] = {
        guard let bytes = try? Data(contentsOf: file) else { return [] }
        return (try? JSONDecoder().decode([Stored].self, from: bytes)) ?? []
    }()

    /// The smallest E for each number of removals, from all subsets: each is a smaller one and its lowest unit.
    private func smallest(_ objective: QuadraticObjective) -> [Double] {
        let size = objective.size
        var energies = [Double](repeating: 0, count: 1 << size)
        var smallest = [Double](repeating: .infinity, count: size + 1)
        smallest[0] = 0
        for subset in 1..<1 << size {
            let unit = subset.trailingZeroBitCount
            let rest = subset & (subset - 1)
            var rise = objective.matrix[unit, unit]
            for other in unit + 1..<max(size, unit + 1) where rest >> other & 1 == 1 {
                rise += 2 * objective.matrix[unit, other]
            }
            energies[subset] = energies[rest] + rise
            let count = subset.nonzeroBitCount
            smallest[count] = min(smallest[count], energies[subset])
        }
        return smallest
    }

    @Test("all four groups of 16 channels are stored")
    func groups() {
        #expect(Self.stored.count == 4)
        #expect(Self.stored.allSatisfy { $0.size == 16 })
    }

    @Test(
        "greedy choice with exchanges, branch and bound and the search find the least of all subsets",
        arguments: stored
    )
    func exhaustive(stored: Stored) {
        let objective = stored.objective
        let smallest = smallest(objective)
        let tolerance = 1e-12 * objective.matrix.trace
        for removals in 1..<stored.size {
            let least = smallest[removals]
            let greedy = objective.greedyChoice(removals)
            #expect(greedy.count == removals)
            #expect(abs(objective.energy(removing: greedy) - least) <= tolerance)
            let worst = Array(objective.greedyOrder().suffix(removals))
            let exact = ExactSearch.run(objective, from: worst)
            #expect(exact.isProved)
            #expect(abs(exact.energy - least) <= tolerance)
            var random = CounterRandom(seed: 5, stage: "search \(stored.name)")
            let found = GeneticSearch(objective, removing: removals, settings: SearchSettings())
                .run(using: &random)
            #expect(abs(found.energy - least) <= tolerance)
        }
    }
}
