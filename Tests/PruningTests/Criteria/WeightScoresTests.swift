import Graph
import Pruning
import Tensors
import Testing

@Suite struct WeightScoresTests {
    /// The filter of one unit of a kernel `[3, 3, C, n]`, read off by hand.
    private func filter(_ unit: Int, of name: String, in network: Network) throws -> [Double] {
        let layer = try #require(network.layers.first { $0.name == name })
        let width = layer.weights[0].shape.channels
        return layer.weights[0].values.enumerated().filter { $0.offset % width == unit }
            .map { Double($0.element) }
    }

    @Test("l1 and l2 are the filters' sizes, summed over the layers that make the channels")
    func sizes() throws {
        let network = try CriteriaNetwork.residual()
        let group = CouplingAnalysis(network).groups[0]
        #expect(group.producers.map { network.layers[$0].name } == ["stem", "back"])
        let magnitudes = WeightScores(.magnitude, of: group, in: network)
        let lengths = WeightScores(.length, of: group, in: network)
        for unit in 0..<6 {
            var (sum, length) = (0.0, 0.0)
            for name in ["stem", "back"] {
                let filter = try filter(unit, of: name, in: network)
                sum += filter.reduce(0) { $0 + abs($1) }
                length += filter.reduce(0) { $0 + $1 * $1 }.squareRoot()
            }
            #expect(abs(magnitudes.scores[unit] - sum) < 1e-9)
            #expect(abs(lengths.scores[unit] - length) < 1e-9)
        }
        #expect(magnitudes.note == nil && lengths.note == nil)
    }

    @Test("bn_scale is the sum of the magnitudes of gamma on the channels")
    func scales() throws {
        var network = try CriteriaNetwork.residual()
        let analysis = CouplingAnalysis(network)
        let stem = try #require(network.layers.firstIndex { $0.name == "stem bn" })
        let back = try #require(network.layers.firstIndex { $0.name == "back bn" })
        network.setWeight(Tensor([6], values: [1, -2, 3, 0, 5, 6]), layer: stem, index: 0)
        network.setWeight(Tensor([6], values: [1, 1, -4, 0, 0, 1]), layer: back, index: 0)
        let scores = WeightScores(.batchNormScale, of: analysis.groups[0], in: network)
        #expect(scores.scores == [2, 3, 7, 0, 5, 7])
        #expect(scores.choice.order == [3, 0, 1, 4, 2, 5])
        #expect(scores.note == nil)
    }

    @Test("without a BatchNorm bn_scale is l1 and says so")
    func withoutNormalization() throws {
        var builder = NetworkBuilder(input: [6, 6, 2])
        let made = builder.relu("relu", builder.convolution("made", 0, 4))
        let output = builder.convolution("read", made, 3)
        let network = try builder.network(output: output)
        let group = CouplingAnalysis(network).groups[0]
        let scores = WeightScores(.batchNormScale, of: group, in: network)
        #expect(scores.scores == WeightScores(.magnitude, of: group, in: network).scores)
        #expect(scores.note?.contains("l1") == true)
    }

    @Test("fpgm removes the filter whose distances to all others are smallest")
    func geometricMedian() throws {
        let network = try CriteriaNetwork.residual()
        let groups = CouplingAnalysis(network).groups
        for (group, names) in zip(groups, [["stem", "back"], ["middle"], ["top"]]) {
            let scores = WeightScores(.geometricMedian, of: group, in: network)
            for unit in 0..<group.width {
                var sum = 0.0
                for name in names {
                    let own = try filter(unit, of: name, in: network)
                    for other in 0..<group.width {
                        sum += zip(own, try filter(other, of: name, in: network))
                            .reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
                    }
                }
                #expect(abs(scores.scores[unit] - sum) < 1e-9 * sum)
            }
        }
        // The middle of a line goes before its ends, which l1 would take first.
        var builder = NetworkBuilder(input: [2, 2, 1])
        let made = builder.convolution("made", 0, 3, size: 1)
        let output = builder.convolution("read", made, 2)
        var line = try builder.network(output: output)
        let kernel = Tensor([1, 1, 1, 3], values: [0.1, 5, 10])
        line.setWeight(kernel, layer: 1, index: 0)
        let own = CouplingAnalysis(line).groups[0]
        #expect(WeightScores(.geometricMedian, of: own, in: line).choice.removed(1) == [1])
        #expect(WeightScores(.magnitude, of: own, in: line).choice.removed(1) == [0])
    }
}
