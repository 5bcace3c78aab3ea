import Datasets
import Engine
import Graph
import Pruning
import Tensors
import Testing

/// Networks whose statistics are singular: a channel that is always zero, one that repeats another, and fewer rows than
/// columns (METHODS 13, 10).
@Suite struct SingularTests {
    /// Of the channels that the convolution `mid` makes, 0 is dead and the last repeats 1.
    private func teacher() throws -> Network {
        var network = try CompressionRunTests.teacher()
        let mid = try #require(network.layers.firstIndex { $0.name == "mid" })
        let norm = try #require(network.layers.firstIndex { $0.name == "mid_bn" })
        for layer in [mid, norm] {
            for index in network.layers[layer].weights.indices {
                network.updateWeight(layer: layer, index: index) { weight in
                    let width = weight.shape.channels
                    for start in stride(from: 0, to: weight.count, by: width) {
                        weight[start] = 0
                        weight[start + width - 1] = weight[start + 1]
                    }
                }
            }
        }
        return network
    }

    private func objective(images: Int) throws -> GroupObjective {
        let network = try teacher()
        let statistics = GroupStatistics(
            network: network,
            samples: TestData.samples(images, [8, 8, 3]),
            batchSize: 8,
            floors: [1]
        )
        let group = try #require(CouplingAnalysis(network).groups.first { $0.name == "mid" })
        return try #require(statistics.measure([group])[0].objective)
    }

    @Test("a dead channel costs nothing, and one that repeats another nothing after the fit")
    func free() throws {
        let objective = try objective(images: 24)
        let fitted = try #require(objective.leastSquares)
        let scale = fitted.energy(removing: [1, 11])
        #expect(scale > 1e-3)
        #expect(objective.raw.energy(removing: [0]) == 0)
        #expect(abs(fitted.energy(removing: [0])) < 1e-9)
        #expect(objective.centred.energy(removing: [11]) > 1e-3)
        #expect(fitted.energy(removing: [11]) < 1e-4 * scale)
        #expect(fitted.energy(removing: [1]) < 1e-4 * scale)
        let removal = try #require(objective.removal)
        #expect(Set(removal.order.prefix(2)).isSubset(of: [0, 1, 11]))
        #expect(removal.order.prefix(2).contains(0))
    }

    @Test("fewer rows than columns give finite errors and weights in every step")
    func fewRows() throws {
        // 64 rows of 108 columns.
        let objective = try objective(images: 1)
        let removal = try #require(objective.removal)
        #expect(removal.order.count == 11)
        #expect(removal.energies.allSatisfy { $0.isFinite && $0 >= 0 })
        #expect(zip(removal.energies, removal.energies.dropFirst()).allSatisfy { $0 <= $1 })
        for count in 1...12 {
            let removed = Array(0..<count)
            let fitted = try #require(objective.leastSquares).energy(removing: removed)
            #expect(fitted.isFinite && fitted <= objective.centred.energy(removing: removed) + 1e-9)
        }
    }

    @Test("a run over few images of such a network ends with finite weights", arguments: [4, 96])
    func run(images: Int) throws {
        var data = CompressionRunTests.data()
        data.training = data.training.choosing(Array(0..<images))
        var plan = CompressionRunTests.plan()
        plan.distillation.epochs = 1
        plan.batchSize = 4
        plan.compensation.images = images
        let run = try CompressionRun(teacher: try teacher(), data: data, plan: plan)
        while try run.advance() {}
        let outcome = try #require(run.outcome)
        #expect(outcome.record.studentCost.macs <= outcome.record.limit)
        for layer in outcome.student.layers {
            for weight in layer.weights {
                #expect(weight.values.allSatisfy { $0.isFinite }, "\(layer.name)")
            }
        }
    }
}
