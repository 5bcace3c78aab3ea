import Datasets
import Foundation
import Graph
import KerasFormat
import Pruning
import Tensors

/// The search beside the exact optimum, greedy choice and chance, for every group of a trained network.
enum SearchTable {
    /// The training samples the statistics are taken over, as many as a job takes.
    private static let samples = 2048

    /// One number of channels kept of one group.
    private struct Row {
        var name: String
        var size: Int
        var kept: Int
        var plain: Double
        var genetic: Double
        var greedy: Double
        var diagonal: Double
        var search: Double
        var seconds: Double
        var exact: ExactSearch.Result
    }

    /// What is known of every group of a model, and the seconds it took.
    private static func measured(
        _ path: String,
        data: String
    ) throws -> [(group: CoupledGroup, objective: QuadraticObjective)] {
        let network = try KerasModel.read(image: [UInt8](Data(contentsOf: URL(filePath: path))))
            .network
        let loaded = try HDF5Data.load(
            path: data,
            selection: DataSelection(),
            sampleShape: network.shapes[network.inputs[0]]
        )
        let groups = CouplingAnalysis(network).groups
        let count = min(samples, loaded.training.count)
        let statistics = GroupStatistics(
            network: network,
            samples: loaded.training.choosing(Array(0..<count)),
            batchSize: 128,
            floors: groups.map { _ in 1 }
        )
        return zip(groups, statistics.measure(groups)).compactMap { group, measurement in
            measurement.objective.map { (group, $0.centred) }
        }
    }

    /// Writes the errors of the groups of at most `largest` channels, for tests that need no model.
    static func writeObjectives(model: String, data: String, largest: Int, out: String) throws {
        let objectives = try measured(model, data: data).filter { $0.group.width <= largest }
            .map { StoredObjective($0.group.name, $0.objective) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try encoder.encode(objectives).write(to: URL(filePath: out))
    }

    /// A symmetric matrix's rows up to the diagonal.
    private struct StoredObjective: Encodable {
        var name: String
        var size: Int
        var lowerTriangle: [Double]

        init(_ name: String, _ objective: QuadraticObjective) {
            self.name = name
            size = objective.size
            lowerTriangle = (0..<size).flatMap { row in
                (0...row).map { objective.matrix[row, $0] }
            }
        }
    }

    /// Prints a Markdown table; branch and bound looks at so many nodes at most.
    static func run(model path: String, data: String, nodes: Int) throws {
        let clock = ContinuousClock()
        let start = clock.now
        let measured = try measured(path, data: data)
        say(
            "Statistics of \(measured.count) groups over \(samples) images:"
                + " \(text(seconds(clock.now - start))) s.\n"
        )
        say(
            "| group | c | kept | plain | genetic | diagonal | greedy + swap | search | least"
                + " | search, s |\n|---|---|---|---|---|---|---|---|---|---|"
        )
        for (group, objective) in measured {
            for share in [0.25, 0.5, 0.75] {
                let kept = Int((share * Double(group.width)).rounded())
                say(line(row(group.name, objective, keeping: kept, nodes: nodes)))
            }
        }
    }

    private static func row(
        _ name: String,
        _ objective: QuadraticObjective,
        keeping kept: Int,
        nodes: Int
    ) -> Row {
        let removals = objective.size - kept
        let clock = ContinuousClock()
        let start = clock.now
        let full = search(name, objective, removing: removals, .full)
        let duration = clock.now - start
        let plain = search(name, objective, removing: removals, .plain)
        return Row(
            name: name,
            size: objective.size,
            kept: kept,
            plain: plain.energy,
            genetic: full.generations.last ?? full.energy,
            greedy: objective.energy(removing: objective.greedyChoice(removals)),
            diagonal: objective.energy(removing: objective.diagonalChoice(removals)),
            search: full.energy,
            seconds: seconds(duration),
            exact: ExactSearch.run(objective, from: full.removed, nodes: nodes)
        )
    }

    /// The search as a job runs it, but for the seed that goes by the size of weights.
    private static func search(
        _ name: String,
        _ objective: QuadraticObjective,
        removing removals: Int,
        _ mode: SearchSettings.Mode
    ) -> GeneticSearch.Result {
        var settings = SearchSettings()
        settings.mode = mode
        let seeds = [
            objective.diagonalChoice(removals),
            Array(objective.greedyOrder().prefix(removals)),
            objective.forwardChoice(removals),
        ]
        var random = CounterRandom(seed: 0, stage: "search \(name)")
        return GeneticSearch(objective, removing: removals, settings: settings, seeds: seeds)
            .run(using: &random)
    }

    /// Every value as a multiple of the least that is known; the last but one says whether that is the optimum.
    private static func line(_ row: Row) -> String {
        let least = row.exact.energy
        func share(_ energy: Double) -> String {
            // What is the same choice of channels is the same number.
            abs(energy - least) <= 1e-12 * least ? "1" : text(energy / least)
        }
        let proof =
            row.exact.isProved
            ? (ExactSearch.ways(of: row.size - row.kept, from: row.size) != nil
                ? "optimum, enumerated" : "optimum, proved")
            : "bound \(text(row.exact.bound / least))"
        let values = [row.plain, row.genetic, row.diagonal, row.greedy, row.search].map(share)
        let cells =
            [row.name, "\(row.size)", "\(row.kept)"] + values
            + [proof, text(row.seconds)]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    private static func text(_ value: Double) -> String { String(format: "%.4f", value) }

    private static func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
}
