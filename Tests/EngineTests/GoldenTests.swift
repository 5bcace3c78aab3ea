import Engine
import Graph
import HDF5
import KerasFormat
import Tensors
import Testing

/// Parity with Keras: files made by Tests/Fixtures/generate/layers.py, one per layer setting or small network.
@Suite struct GoldenTests {
    /// The instruction sets of this processor: the same golden cases on each.
    static let sets = InstructionSet.allCases.filter { $0.kernels != nil }

    @Test("inference gives Keras' outputs", arguments: GoldenFile.names, sets)
    func inference(name: String, set: InstructionSet) throws {
        try VectorKernels.$current.withValue(#require(set.kernels)) { try inference(name) }
    }

    private func inference(_ name: String) throws {
        let file = try GoldenFile(name)
        let outputs = file.network.predict(file.inputs)
        let expected = try file.tensor("output_inference")
        expectClose(outputs[0], expected, tolerance: 2e-5, "output of \(name)")
    }

    @Test(
        "training gives Keras' outputs, loss and every gradient",
        arguments: GoldenFile.trainable,
        sets
    )
    func gradients(name: String, set: InstructionSet) throws {
        try VectorKernels.$current.withValue(#require(set.kernels)) { try gradients(name) }
    }

    private func gradients(_ name: String) throws {
        let file = try GoldenFile(name)
        var pass = TrainingPass(
            file.network,
            inputs: file.inputs,
            random: CounterRandom(seed: 1, stage: "test")
        )
        let output = file.network.outputs[0]
        expectClose(
            pass.values[output],
            try file.tensor("output_training"),
            tolerance: 2e-5,
            "training output of \(name)"
        )
        let (node, loss) = try file.loss(pass)
        let expectedLoss = try file.tensor("loss_training")[0]
        #expect(abs(Float(loss.value) - expectedLoss) <= 2e-5 * max(1, abs(expectedLoss)))
        let gradients = pass.backward([node: loss.gradient], includingInputs: true)
        for (layer, index, expected) in try file.weights(under: "gradient") {
            let own = try #require(gradients.weights[layer][index])
            expectClose(
                own,
                expected,
                tolerance: 1e-4,
                "gradient \(index) of \(file.network.layers[layer].name) in \(name)"
            )
        }
        for (input, own) in gradients.inputs.enumerated() {
            let expected = try file.tensor(
                input == 0 ? "input_gradient" : "input_gradient_\(input)"
            )
            expectClose(
                try #require(own),
                expected,
                tolerance: 1e-4,
                "input gradient \(input) of \(name)"
            )
        }
    }

    @Test(
        "three steps of each optimiser give Keras' weights and moving statistics",
        arguments: GoldenFile.withWeights,
        sets
    )
    func steps(name: String, set: InstructionSet) throws {
        try VectorKernels.$current.withValue(#require(set.kernels)) { try steps(name) }
    }

    private func steps(_ name: String) throws {
        let file = try GoldenFile(name)
        let rules: [(String, Optimizer.Rule, Double)] = [
            ("after_momentum", .momentum(0.9, isNesterov: false), 0.05),
            ("after_nesterov", .momentum(0.9, isNesterov: true), 0.05),
            ("after_adam", .adam(), 0.01),
        ]
        let gradients = Dictionary(
            uniqueKeysWithValues: try file.weights(under: "gradient").map {
                ([$0.layer, $0.index], $0.value)
            }
        )
        for (group, rule, rate) in rules {
            var network = file.network
            var optimizer = Optimizer(rule)
            for _ in 0..<3 {
                var pass = TrainingPass(
                    network,
                    inputs: file.inputs,
                    random: CounterRandom(seed: 1, stage: "test")
                )
                let (node, loss) = try file.loss(pass)
                let gradients = pass.backward([node: loss.gradient])
                network.updateMovingStatistics(from: pass)
                optimizer.step(&network, gradients: gradients, learningRate: rate)
            }
            let calls = file.network.calls
            for (layer, index, expected) in try file.weights(under: group) {
                // Keras calls a shared BatchNorm in an order of its own, which the moving statistics remember.
                guard calls[layer].count == 1 || index < 2 else { continue }
                let after = network.layers[layer].weights[index]
                let allowed = allowances(
                    expected: expected,
                    before: file.network.layers[layer].weights[index],
                    gradient: group == "after_adam" ? gradients[[layer, index]] : nil
                )
                let isFar = expected.values.indices.contains {
                    !(abs(after[$0] - expected[$0]) <= allowed[$0])
                }
                #expect(
                    !isFar,
                    """
                    \(group) \(file.network.layers[layer].name) \(index) in \(name): \
                    \(after.largestDifference(from: expected.reshaped(after.shape)))
                    """
                )
            }
        }
    }

    /// How far each weight may be from Keras' after three steps.
    ///
    /// Adam divides by a gradient's size, so an error of a gradient that is zero, or nearly, becomes a step. In Float64
    /// (network_two_branches), errors of 1e-6 of the largest gradient move filters of conv2d_2 by 1.05e-2 and of conv2d
    /// by 8.2e-4, ten to three hundred times the bound of 3e-5 that the other steps are held to; the fast paths' own
    /// errors there are below 5e-7 by kernel, and move them by 7.7e-4. A gradient g may so be wrong by 1e-6 of the
    /// largest, which three steps of 0.01 turn into 0.03 * 1e-6 max / (|g| + 1e-7) at most.
    private func allowances(expected: Tensor, before: Tensor, gradient: Tensor?) -> [Float] {
        let move = zip(expected.values, before.values).map { abs($0 - $1) }.max() ?? 0
        let size = expected.values.map { abs($0) }.max() ?? 0
        let common = 1e-3 * move + 1e-6 * size
        guard let gradient else { return expected.values.map { _ in common } }
        let error = 1e-6 * (gradient.values.map { abs($0) }.max() ?? 0)
        return gradient.values.map { common + 0.03 * error / (abs($0) + 1e-7) }
    }
}

/// Expects two tensors of equal count to differ by at most a share of the expected one's largest element.
func expectClose(
    _ found: Tensor,
    _ expected: Tensor,
    tolerance: Float,
    _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let size = max(expected.values.map { abs($0) }.max() ?? 0, 1e-3)
    let difference = found.largestDifference(from: expected.reshaped(found.shape))
    #expect(
        difference <= tolerance * size,
        "\(what): differs by \(difference) of \(size)",
        sourceLocation: sourceLocation
    )
}
