import Datasets
import Engine
import Graph
import Pruning
import Tensors
import Testing

@Suite struct FeatureMapRanksTests {
    /// Samples `[height, width, 3]` whose channels are sums of so many random outer products.
    private func samples(_ height: Int, _ width: Int, ranks: [Int]) -> SampleSet {
        var random = CounterRandom(seed: 4, stage: "maps")
        var values: [Float] = []
        for _ in 0..<5 {
            var image = [Float](repeating: 0, count: height * width * 3)
            for (channel, rank) in ranks.enumerated() {
                for _ in 0..<rank {
                    let column = (0..<height).map { _ in random.nextNormal() }
                    let row = (0..<width).map { _ in random.nextNormal() }
                    for pixel in 0..<height * width {
                        image[pixel * 3 + channel] += column[pixel / width] * row[pixel % width]
                    }
                }
            }
            values += image
        }
        return SampleSet(storage: .floats(values), sampleShape: [height, width, 3], labels: nil)
    }

    @Test("maps that are sums of outer products have as high a rank", arguments: [(7, 9), (9, 7)])
    func known(height: Int, width: Int) throws {
        var builder = NetworkBuilder(input: [height, width, 3])
        let made = builder.convolution("made", 0, 5, size: 1)
        let output = builder.convolution("read", made, 2)
        var network = try builder.network(output: output)
        // By columns: the first channel, the first two, nothing, the third, all of them.
        network.setWeight(
            Tensor([1, 1, 3, 5], values: [1, 1, 0, 0, 1, 0, 1, 0, 0, -1, 0, 0, 0, 2, 1]),
            layer: 1,
            index: 0
        )
        let ranks = FeatureMapRanks(
            network: network,
            groups: CouplingAnalysis(network).groups,
            samples: samples(height, width, ranks: [1, 2, 3]),
            batchSize: 2
        )
        #expect(ranks.scores == [[1, 3, 0, 3, 6]])
    }

    @Test("the mean ranks of all values that a group is read from are added up")
    func several() throws {
        let network = try CriteriaNetwork.residual()
        let groups = CouplingAnalysis(network).groups
        let samples = TestData.samples(9, [8, 8, 3])
        let ranks = FeatureMapRanks(
            network: network,
            groups: groups,
            samples: samples,
            batchSize: 4
        )
        // The first group is read behind the stem and behind the addition, the others behind their own activation.
        let places = [["stem bend", "add bend"], ["middle bend"]]
        for (group, names) in places.enumerated() {
            var expected = [Double](repeating: 0, count: groups[group].width)
            for name in names {
                let layer = try #require(network.layers.firstIndex { $0.name == name })
                let node = network.calls[layer][0]
                let batch = samples.batch(Array(0..<9))
                let value = try #require(
                    Inference(network).values(of: [node], inputs: [batch])[node]
                )
                for sample in 0..<9 {
                    for channel in expected.indices {
                        let map = (0..<8).map { row in
                            (0..<8).map { column in
                                let pixel = (sample * 8 + row) * 8 + column
                                return Double(value[pixel * expected.count + channel])
                            }
                        }
                        expected[channel] += Double(DenseSolver.rank(map, share: 1e-6)) / 9
                    }
                }
            }
            for (found, wanted) in zip(ranks.scores[group], expected) {
                #expect(abs(found - wanted) < 1e-9)
            }
            #expect(Set(expected).count > 3, "maps of different ranks")
        }
    }

    @Test("behind global pooling the share of answers that are not zero takes the rank's place")
    func pooled() throws {
        var network = try CriteriaNetwork.residual()
        let layer = try #require(network.layers.firstIndex { $0.name == "top bn" })
        let beta: [Float] = [-50, -1.4, -1.2, 50, -1.3, -1.1, 0]
        network.setWeight(Tensor([7], values: beta), layer: layer, index: 1)
        let samples = TestData.samples(9, [8, 8, 3])
        let groups = CouplingAnalysis(network).groups
        let ranks = FeatureMapRanks(
            network: network,
            groups: groups,
            samples: samples,
            batchSize: 4
        )
        let pool = try #require(network.layers.firstIndex { $0.name == "pool" })
        let node = network.calls[pool][0]
        let batch = samples.batch(Array(0..<9))
        let value = try #require(Inference(network).values(of: [node], inputs: [batch])[node])
        for unit in 0..<7 {
            let share = Double((0..<9).count { value[$0 * 7 + unit] != 0 }) / 9
            #expect(abs(ranks.scores[2][unit] - share) < 1e-12)
        }
        #expect(ranks.scores[2][0] == 0)
        #expect(ranks.scores[2][3] == 1)
    }

    @Test("what is flattened before it is read is ranked as the maps it was")
    func flattened() throws {
        let network = try CriteriaNetwork.flattened(.tanh)
        let ranks = FeatureMapRanks(
            network: network,
            groups: CouplingAnalysis(network).groups,
            samples: TestData.samples(4, [4, 5, 2]),
            batchSize: 3
        )
        #expect(ranks.scores == [[4, 4, 4, 4]])
    }

    @Test("units in another order have the ranks they had")
    func equivariant() throws {
        let network = try CriteriaNetwork.residual()
        let groups = CouplingAnalysis(network).groups
        let samples = TestData.samples(9, [8, 8, 3])
        func scores(_ network: Network) -> [[Double]] {
            FeatureMapRanks(network: network, groups: groups, samples: samples, batchSize: 4).scores
        }
        let before = scores(network)
        for (index, group) in groups.enumerated() {
            let order = Array((0..<group.width).reversed())
            let after = scores(network.permuting(group, order))
            #expect(after[index] == order.map { before[index][$0] })
        }
    }
}
