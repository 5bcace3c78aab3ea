import Datasets
import Engine
import Graph
import Pruning
import Tensors
import Testing

@Suite struct MaskDerivativesTests {
    private func network() throws -> Network {
        var builder = NetworkBuilder(seed: 15, input: [6, 6, 2])
        let first = builder.relu("first relu", builder.convolution("first", 0, 4))
        let second = builder.relu("second relu", builder.convolution("second", first, 5))
        let flat = builder.add("flat", .flatten(Flatten()), reading: [second], channels: 180)
        let answer = builder.dense("answer", flat, 180, 3)
        return try builder.network(output: answer)
    }

    @Test("a training step yields its gradients as ever, and derivatives of its mean loss")
    func training() throws {
        let network = try network()
        let groups = CouplingAnalysis(network).groups
        let samples = TestData.samples(8, [6, 6, 2], classes: 3)
        let labels = try #require(samples.labels)
        var derivatives = MaskDerivatives(network: network, groups: groups)
        for range in [0..<4, 4..<8] {
            func pass() -> TrainingPass {
                TrainingPass(
                    network,
                    inputs: [samples.batch(Array(range))],
                    random: CounterRandom(seed: 1, stage: "test")
                )
            }
            var (plain, watched) = (pass(), pass())
            let output = network.outputs[0]
            let loss = Loss.crossEntropy(
                logits: plain.values[output],
                labels: Array(labels[range])
            )
            let expected = plain.backward([output: loss.gradient])
            let found = derivatives.add(&watched, [output: loss.gradient])
            for (left, right) in zip(expected.weights.joined(), found.weights.joined()) {
                let (left, right) = (try #require(left), try #require(right))
                #expect(left.largestDifference(from: right) < 1e-6)
            }
        }
        // The same samples with the sum for a loss: derivatives four times as large.
        let evidence = try GradientEvidence(
            network: network,
            groups: groups,
            samples: samples,
            labels: labels,
            batchSize: 4,
            seed: 1
        )
        for (mean, sum) in zip(derivatives.fisher.joined(), evidence.fisher.joined()) {
            #expect(abs(16 * mean - sum) < 1e-4 * sum)
        }
        for (mean, sum) in zip(derivatives.taylor.joined(), evidence.taylor.joined()) {
            #expect(abs(4 * mean - sum) < 1e-4 * sum)
        }
        #expect(evidence.fisher.joined().allSatisfy { $0 > 0 })
    }

    @Test("a unit without a say has no derivative, and goes first")
    func silent() throws {
        var network = try network()
        let group = CouplingAnalysis(network).groups[0]
        let slice = try #require(group.consumerSlices.first)
        network.updateWeight(layer: slice.place.layer, index: 0) { kernel in
            for position in 0..<kernel.count where position / 5 % 4 == 2 { kernel[position] = 0 }
        }
        let evidence = try GradientEvidence(
            network: network,
            groups: [group],
            samples: TestData.samples(6, [6, 6, 2], classes: 3),
            labels: nil,
            batchSize: 4,
            seed: 1
        )
        #expect(evidence.fisher[0][2] == 0 && evidence.taylor[0][2] == 0)
        #expect(RankedUnits(scores: evidence.fisher[0]).removed(1) == [2])
    }
}
