import Engine
import Graph
import Tensors
import Testing

/// The promise that calls which are computed together give the bytes of calls one after the other.
@Suite struct FusionTests {
    private static let names = [
        "network_vgg", "network_residual", "network_depthwise_separable", "network_inception",
        "network_squeeze_excitation", "network_two_branches",
    ]

    @Test(
        "a prediction is the same bytes whether or not every node's value is wanted",
        arguments: names,
        InstructionSet.allCases.filter { $0.kernels != nil }
    )
    func prediction(name: String, set: InstructionSet) throws {
        let file = try GoldenFile(name)
        try VectorKernels.$current.withValue(#require(set.kernels)) {
            let network = file.network
            let all = Inference(network)
                .values(of: Array(network.nodes.indices), inputs: file.inputs)
            #expect(all.count == network.nodes.count)
            let outputs = network.predict(file.inputs)
            for (node, output) in zip(network.outputs, outputs) {
                #expect(all[node] == output)
            }
        }
    }

    @Test(
        "gradients are the same bytes whether or not the loss may read every node",
        arguments: names
    )
    func gradients(name: String) throws {
        let file = try GoldenFile(name)
        let network = file.network
        func gradients(reading: [Int]) -> (Gradients, held: Int) {
            var pass = TrainingPass(
                network,
                inputs: file.inputs,
                reading: reading,
                random: CounterRandom(seed: 1, stage: "test")
            )
            let held = pass.values.count { $0.count > 0 }
            var own: [Int: Tensor] = [:]
            for output in network.outputs {
                let value = pass.values[output]
                own[output] =
                    Loss.meanSquaredError(
                        value,
                        target: Tensor(value.shape, repeating: 0.3)
                    ).gradient
            }
            return (pass.backward(own, includingInputs: true), held)
        }
        let (apart, heldApart) = gradients(reading: Array(network.nodes.indices))
        let (fused, held) = gradients(reading: [])
        #expect(heldApart == network.nodes.count)
        #expect(held <= heldApart)
        #expect(apart.weights == fused.weights)
        #expect(apart.inputs == fused.inputs)
    }

    @Test("a normalization and its rectifier have one value, which the backward pass lets go")
    func values() throws {
        let file = try GoldenFile("network_residual")
        var pass = TrainingPass(
            file.network,
            inputs: file.inputs,
            random: CounterRandom(seed: 1, stage: "test")
        )
        #expect(pass.values.contains { $0.count == 0 })
        let output = file.network.outputs[0]
        let gradient = pass.values[output]
        _ = pass.backward([output: gradient])
        #expect(pass.values.allSatisfy { $0.count == 0 })
    }
}
