import Datasets
import Engine
import Graph
import Pruning
import Tensors
import Testing

@Suite struct LayerErrorTests {
    /// How the channels that are cut are read.
    enum Reader: String, CaseIterable {
        case same, valid, strided, dilated, dense, several, pooled
    }

    private func network(_ reader: Reader) throws -> Network {
        var builder = NetworkBuilder(input: [8, 8, 3])
        let made = builder.convolution("made", 0, 5)
        var node = builder.relu("relu", builder.normalization("bn", made))
        switch reader {
        case .same: node = builder.convolution("reader", node, 4)
        case .valid: node = builder.convolution("reader", node, 4, padding: .valid)
        case .strided: node = builder.convolution("reader", node, 4, stride: 2)
        case .dilated: node = builder.convolution("reader", node, 4, dilation: 2)
        case .dense:
            node = builder.add("flat", .flatten(Flatten()), reading: [node], channels: 320)
            node = builder.dense("reader", node, 320, 4)
        case .several:
            let left = builder.convolution("reader", node, 4)
            let right = builder.convolution("other", node, 4, size: 1)
            node = builder.add("add", .merge(Merge(.add)), reading: [left, right])
        case .pooled:
            let window = SlidingWindow(size: Size2D(2, 2), strides: Size2D(2, 2))
            node = builder.add(
                "pool",
                .pooling2D(Pooling2D(.maximum, window: window)),
                reading: [node]
            )
            node = builder.convolution("reader", node, 4)
        }
        return try builder.network(output: node)
    }

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

    @Test("r'Gr is the mean squared change of the readers' outputs", arguments: Reader.allCases)
    func quadraticForm(reader: Reader) throws {
        let network = try network(reader)
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
        var network = try network(.same)
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
