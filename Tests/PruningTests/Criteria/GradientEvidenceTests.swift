import Datasets
import Engine
import Graph
import Pruning
import Tensors
import Testing

@Suite struct GradientEvidenceTests {
    enum Wiring: String, CaseIterable {
        case residual, flattened, concatenated, shared

        var network: Network {
            get throws {
                switch self {
                case .residual: try CriteriaNetwork.residual(.tanh)
                case .flattened: try CriteriaNetwork.flattened(.tanh)
                case .concatenated: try CriteriaNetwork.concatenated(.tanh)
                case .shared: try CriteriaNetwork.shared(.tanh)
                }
            }
        }
    }

    /// For each reader of a group, the derivative of a function of the logits with respect to a mask on one unit there.
    ///
    /// A mask on what is read is the same as one on the weights that read it.
    private func derivatives(
        _ network: Network,
        _ slices: [WeightSlice],
        unit: Int,
        of function: ([Double]) -> Double,
        at sample: Tensor
    ) throws -> Double {
        let logits = try #require(network.layers.firstIndex { $0.name == "answer" })
        let node = network.calls[logits][0]
        func value(_ mask: Float) -> Double {
            var masked = network
            for slice in slices {
                masked.updateWeight(layer: slice.place.layer, index: slice.place.weight) { weight in
                    let axis = slice.place.axis
                    let inner = weight.shape.dimensions[(axis + 1)...].reduce(1, *)
                    for index in 0..<weight.count
                    where slice.positions[unit].contains(index / inner % weight.shape[axis]) {
                        weight[index] *= mask
                    }
                }
            }
            let values = Inference(masked).values(of: [node], inputs: [sample])[node]?.values
            return function((values ?? []).map(Double.init))
        }
        let step: Float = 0.0625
        let near = value(1 + step) - value(1 - step)
        let far = value(1 + 2 * step) - value(1 - 2 * step)
        return (8 * near - far) / (12 * Double(step))
    }

    private func crossEntropy(_ label: Int32) -> ([Double]) -> Double {
        { logits in
            Double.logarithm(logits.reduce(0) { $0 + Double.exponential($1) })
                - logits[Int(label)]
        }
    }

    @Test(
        "fisher and taylor are the sums of the squares and magnitudes of finite differences",
        arguments: Wiring.allCases
    )
    func finiteDifferences(wiring: Wiring) throws {
        let network = try wiring.network
        let groups = CouplingAnalysis(network).groups
        let samples = TestData.samples(5, network.shapes[0], classes: 3)
        let labels = try #require(samples.labels)
        let evidence = try GradientEvidence(
            network: network,
            groups: groups,
            samples: samples,
            labels: labels,
            batchSize: 3,
            seed: 1
        )
        for (index, group) in groups.enumerated() {
            var squares = [Double](repeating: 0, count: group.width)
            var magnitudes = squares
            var apart = squares
            for unit in 0..<group.width {
                for sample in 0..<5 {
                    let batch = samples.batch([sample])
                    let loss = crossEntropy(labels[sample])
                    let whole = try derivatives(
                        network,
                        group.consumerSlices,
                        unit: unit,
                        of: loss,
                        at: batch
                    )
                    squares[unit] += whole * whole
                    magnitudes[unit] += abs(whole)
                    for slice in group.consumerSlices {
                        let own = try derivatives(
                            network,
                            [slice],
                            unit: unit,
                            of: loss,
                            at: batch
                        )
                        apart[unit] += own * own
                    }
                }
            }
            let (largest, most) = (squares.max() ?? 0, magnitudes.max() ?? 0)
            for unit in 0..<group.width {
                #expect(abs(evidence.fisher[index][unit] - squares[unit]) < 2e-3 * largest)
                #expect(abs(evidence.taylor[index][unit] - magnitudes[unit]) < 2e-3 * most)
            }
            if group.consumerSlices.count > 1 {
                // Squares summed reader by reader would be found out.
                let gap = zip(apart, squares).map { abs($0 - $1) }.max() ?? 0
                #expect(gap > 0.05 * largest)
            }
        }
    }

    private func evidence(
        _ network: Network,
        batchSize: Int = 3,
        seed: UInt64 = 1,
        samples count: Int = 7
    ) throws -> GradientEvidence {
        try GradientEvidence(
            network: network,
            groups: CouplingAnalysis(network).groups,
            samples: TestData.samples(count, [8, 8, 3]),
            labels: nil,
            batchSize: batchSize,
            seed: seed
        )
    }

    @Test("the same bytes for any number of threads, and the same numbers for any size of batches")
    func deterministic() throws {
        let network = try CriteriaNetwork.residual()
        let threads = ThreadPool.shared.threads
        defer { ThreadPool.shared.setThreads(threads) }
        ThreadPool.shared.setThreads(1)
        let one = try evidence(network)
        ThreadPool.shared.setThreads(4)
        #expect(try evidence(network) == one)
        #expect(try evidence(network, seed: 2) != one)
        let other = try evidence(network, batchSize: 5)
        for (left, right) in zip(one.fisher.joined(), other.fisher.joined()) {
            #expect(abs(left - right) < 1e-4 * abs(left) + 1e-9)
        }
    }

    @Test("answers drawn from the softmax give on average the Fisher information")
    func drawnClasses() throws {
        let network = try CriteriaNetwork.residual(.tanh)
        let groups = CouplingAnalysis(network).groups
        let samples = TestData.samples(2, [8, 8, 3])
        let chances = network.predict([samples.batch([0, 1])])[0]
        var wanted = groups.map { [Double](repeating: 0, count: $0.width) }
        for sample in 0..<2 {
            for label in 0..<4 {
                let own = try GradientEvidence(
                    network: network,
                    groups: groups,
                    samples: samples.choosing([sample]),
                    labels: [Int32(label)],
                    batchSize: 1,
                    seed: 1
                )
                for (group, scores) in own.fisher.enumerated() {
                    for unit in scores.indices {
                        wanted[group][unit] += Double(chances[sample * 4 + label]) * scores[unit]
                    }
                }
            }
        }
        try expectMean(of: network, samples: 2, is: wanted)
    }

    @Test("answers that are no softmax are drawn with a normal error: the square of the Jacobian")
    func drawnErrors() throws {
        let network = try CriteriaNetwork.residual(.tanh, isSoftmax: false)
        let groups = CouplingAnalysis(network).groups
        let samples = TestData.samples(2, [8, 8, 3])
        var wanted = groups.map { [Double](repeating: 0, count: $0.width) }
        for (index, group) in groups.enumerated() {
            for unit in 0..<group.width {
                for sample in 0..<2 {
                    for output in 0..<4 {
                        let slope = try derivatives(
                            network,
                            group.consumerSlices,
                            unit: unit,
                            of: { $0[output] },
                            at: samples.batch([sample])
                        )
                        wanted[index][unit] += slope * slope
                    }
                }
            }
        }
        try expectMean(of: network, samples: 2, is: wanted)
    }

    private func expectMean(of network: Network, samples: Int, is wanted: [[Double]]) throws {
        let seeds = 400
        var sums = wanted.map { $0.map { _ in 0.0 } }
        for seed in 0..<seeds {
            let own = try evidence(network, seed: UInt64(seed), samples: samples)
            for (group, scores) in own.fisher.enumerated() {
                for unit in scores.indices { sums[group][unit] += scores[unit] / Double(seeds) }
            }
        }
        for (found, wanted) in zip(sums, wanted) {
            let largest = wanted.max() ?? 0
            for (mean, expected) in zip(found, wanted) {
                #expect(abs(mean - expected) < 0.15 * largest)
            }
        }
    }
}
