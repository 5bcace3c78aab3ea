import Datasets
import Engine
import Foundation
import Graph
import KerasFormat
import Pruning
import Tensors

/// The statistics of all layers of a network beside one plain pass of the same images through it.
enum StatisticsTime {
    private static let batchSize = 128

    /// Prints the median seconds of both over some rounds.
    static func run(model path: String, images: Int, rounds: Int) throws {
        let network = try KerasModel.read(image: [UInt8](Data(contentsOf: URL(filePath: path))))
            .network
        var random = CounterRandom(seed: 1, stage: "images")
        let shape = network.shapes[network.inputs[0]]
        let values = (0..<images * shape.count).map { _ in random.nextNormal() }
        let samples = SampleSet(storage: .floats(values), sampleShape: shape, labels: nil)
        let groups = CouplingAnalysis(network).groups
        let statistics = GroupStatistics(
            network: network,
            samples: samples,
            batchSize: batchSize,
            floors: groups.map { _ in 1 }
        )
        var seconds: [(plain: Double, statistics: Double)] = []
        for _ in 0..<rounds {
            let plain = time {
                for range in chunks(of: batchSize, covering: images) {
                    _ = network.predict([samples.batch(Array(range))])
                }
            }
            let own = time { _ = statistics.measure(groups) }
            seconds.append((plain, own))
            say("plain pass \(plain) s, statistics \(own) s")
        }
    }

    private static func time(_ body: () -> Void) -> Double {
        let duration = ContinuousClock().measure(body)
        return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
