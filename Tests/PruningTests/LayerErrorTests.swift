import Datasets
import Engine
import Graph
import Pruning
import Tensors
import Testing

@Suite struct LayerErrorTests {
    /// The mean squared change of a reader's outputs as a share of their variance, by running the network twice.
    private func bruteForce(
        _ network: Network,
        _ slice: WeightSlice,
        removing removed: [Int],
        on batch: Tensor
    ) -> (raw: Double, folded: Double) {
        var cut = network
        for unit in removed {
            cut.updateWeight(layer: slice.place.layer, index: 0) {
                CompressionRunTests.zero(&$0, slice.positions[unit], axis: slice.place.axis)
            }
        }
        let call = network.calls[slice.place.layer][0]
        let before = Inference(network).values(of: [call], inputs: [batch])[call]?.values ?? []
        let after = Inference(cut).values(of: [call], inputs: [batch])[call]?.values ?? []
        let width = network.shapes[call].channels
        let rows = Double(before.count / width)
        var (raw, mean) = (0.0, [Double](repeating: 0, count: width))
        var (squares, sums) = (0.0, [Double](repeating: 0, count: width))
        for index in before.indices {
            let change = Double(after[index]) - Double(before[index])
            raw += change * change / rows
            mean[index % width] += change / rows
            squares += Double(before[index]) * Double(before[index]) / rows
            sums[index % width] += Double(before[index]) / rows
        }
        let variance = squares - sums.reduce(0) { $0 + $1 * $1 }
        return (raw / variance, (raw - mean.reduce(0) { $0 + $1 * $1 }) / variance)
    }

    @Test(
        "r'Gr is the mean squared change of the readers' outputs",
        arguments: ReaderNetwork.allCases
    )
    func quadraticForm(reader: ReaderNetwork) throws {
        let network = try reader.network()
        let samples = TestData.samples(12, [8, 8, 3])
        let group = try #require(CouplingAnalysis(network).groups.first { $0.name == "made" })
        let statistics = GroupStatistics(
            network: network,
            samples: samples,
            batchSize: 5,
            floors: [1]
        )
        let objective = try #require(statistics.measure([group])[0].objective)
        let batch = samples.batch(Array(0..<12))
        for removed in [[0], [1, 3], [0, 2, 4]] {
            var expected = (raw: 0.0, folded: 0.0)
            for slice in group.consumerSlices {
                let part = bruteForce(network, slice, removing: removed, on: batch)
                expected = (expected.raw + part.raw, expected.folded + part.folded)
            }
            // The network runs in 32 bits, the statistics in 64.
            let raw = objective.raw.energy(removing: removed)
            #expect(abs(raw - expected.raw) < 2e-5 * expected.raw)
            let folded = objective.centred.energy(removing: removed)
            #expect(abs(folded - expected.folded) < 2e-5 * expected.folded)
            let fitted = try #require(objective.leastSquares).energy(removing: removed)
            #expect(fitted <= folded * (1 + 1e-9))
            #expect(folded <= raw * (1 + 1e-9))
        }
    }

    @Test("a group that is read by nobody who listens says so")
    func unmeasured() throws {
        var network = try ReaderNetwork.same.network()
        let reader = try #require(network.layers.firstIndex { $0.name == "reader" })
        network.setWeight(Tensor(network.layers[reader].weights[0].shape), layer: reader, index: 0)
        let group = try #require(CouplingAnalysis(network).groups.first { $0.name == "made" })
        let samples = TestData.samples(4, [8, 8, 3])
        let statistics = GroupStatistics(
            network: network,
            samples: samples,
            batchSize: 4,
            floors: [1]
        )
        let measurement = statistics.measure([group])[0]
        #expect(measurement.objective == nil)
        #expect(measurement.note?.contains("not measured") == true)
    }
}
