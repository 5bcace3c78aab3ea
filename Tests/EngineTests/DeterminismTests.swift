import Engine
import Graph
import Tensors
import Testing

/// The promise that results do not depend on threads: chunks are cut from shapes, and partial sums added in order.
@Suite(.serialized) struct DeterminismTests {
    private let names = [
        "network_vgg", "network_residual", "network_depthwise_separable", "network_inception",
        "network_squeeze_excitation", "network_two_branches",
    ]

    /// Weights, moments and losses after three steps of training from a golden file's model.
    private func chain(_ name: String, threads: Int) throws -> (Network, [Float], [Float]) {
        let before = ThreadPool.shared.threads
        ThreadPool.shared.setThreads(threads)
        defer { ThreadPool.shared.setThreads(before) }
        let file = try GoldenFile(name)
        var network = file.network
        var optimizer = Optimizer(.momentum(0.9, isNesterov: true), weightDecay: 1e-4)
        var losses: [Float] = []
        // Enough images for several parts of every sum.
        let inputs = file.inputs.map { input in
            var shape = input.shape
            shape[0] *= 12
            return Tensor(shape, values: (0..<12).flatMap { _ in input.values })
        }
        for step in 0..<3 {
            var pass = TrainingPass(
                network,
                inputs: inputs,
                random: CounterRandom(seed: 1, stage: "test", step: UInt64(step))
            )
            let output = pass.values[network.outputs[0]]
            let loss = Loss.meanSquaredError(output, target: Tensor(output.shape, repeating: 0.3))
            let gradients = pass.backward([network.outputs[0]: loss.gradient])
            network.updateMovingStatistics(from: pass)
            optimizer.step(&network, gradients: gradients, learningRate: 0.05)
            losses.append(Float(loss.value))
        }
        return (network, losses, optimizer.moments.flatMap { $0 }.flatMap { $0 }.flatMap(\.values))
    }

    @Test("three steps of training give the same bytes with one, two and three threads, and again")
    func threads() throws {
        for name in names {
            let (network, losses, moments) = try chain(name, threads: 1)
            for threads in [2, 3, 2] {
                let (other, otherLosses, otherMoments) = try chain(name, threads: threads)
                #expect(losses == otherLosses, "\(name) with \(threads) threads")
                #expect(moments == otherMoments, "\(name) with \(threads) threads")
                #expect(network.layers == other.layers, "\(name) with \(threads) threads")
            }
        }
    }
}
