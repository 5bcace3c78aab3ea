import Engine
import Graph
import Tensors
import Testing

@Suite struct ObservedGradientTests {
    /// One backward pass from a fixed gradient at the outputs.
    private func backward(
        _ network: Network,
        _ inputs: [Tensor],
        observing observed: Set<Int>,
        _ observe: (Int, Tensor, Tensor) -> Void = { _, _, _ in }
    ) -> Gradients {
        var pass = TrainingPass(
            network,
            inputs: inputs,
            random: CounterRandom(seed: 1, stage: "test")
        )
        var gradients: [Int: Tensor] = [:]
        for output in network.outputs {
            gradients[output] =
                Loss.meanSquaredError(
                    pass.values[output],
                    target: Tensor(pass.values[output].shape, repeating: 0.3)
                ).gradient
        }
        return pass.backward(
            gradients,
            includingInputs: true,
            observing: observed,
            observe
        )
    }

    /// The calls that read one thing and are no part of a fused call.
    private func observable(_ network: Network) -> Set<Int> {
        Set(
            network.nodes.indices.filter {
                switch network.layer(of: $0).kind {
                case .convolution2D, .dense: true
                default: false
                }
            }
        )
    }

    @Test(
        "each observed call hands out its input and its share once; the gradients stay the same bytes",
        arguments: ["network_residual", "network_inception", "network_squeeze_excitation"]
    )
    func unchanged(name: String) throws {
        let file = try GoldenFile(name)
        let observed = observable(file.network)
        let values = Inference(file.network.frozen)
            .values(of: Array(file.network.nodes.indices), inputs: file.inputs)
        let frozen = file.network.frozen
        var seen: [Int] = []
        _ = backward(frozen, file.inputs, observing: observed) { call, input, share in
            seen.append(call)
            #expect(input.shape == share.shape)
            let wanted = values[frozen.nodes[call].inputs[0]]
            #expect(wanted.map { input.largestDifference(from: $0) < 1e-4 } == true)
        }
        #expect(seen.sorted() == observed.sorted())
        let plain = backward(file.network, file.inputs, observing: [])
        let watched = backward(file.network, file.inputs, observing: observed)
        for (left, right) in zip(plain.weights.joined(), watched.weights.joined()) {
            guard let left, let right else {
                #expect(left == nil && right == nil)
                continue
            }
            #expect(left.largestDifference(from: right) < 1e-5)
        }
    }

    @Test("the shares of the calls that read one value add up to its gradient")
    func shares() throws {
        var random = CounterRandom(seed: 3, stage: "test")
        func normal(_ shape: Shape) -> Tensor {
            Tensor(shape, values: (0..<shape.count).map { _ in random.nextNormal() })
        }
        let window = SlidingWindow(size: Size2D(3, 3), padding: .same)
        let kind = LayerKind.convolution2D(
            Convolution2D(filters: 4, window: window, usesBias: false)
        )
        let network = try Network(
            name: "shares",
            layers: [
                Layer(name: "input", kind: .input(InputLayer(shape: [6, 6, 3]))),
                Layer(name: "left", kind: kind, weights: [normal([3, 3, 3, 4])]),
                Layer(name: "right", kind: kind, weights: [normal([3, 3, 3, 4])]),
                Layer(name: "add", kind: .merge(Merge(.add))),
            ],
            nodes: [
                Node(layer: 0, inputs: []), Node(layer: 1, inputs: [0]),
                Node(layer: 2, inputs: [0]), Node(layer: 3, inputs: [1, 2]),
            ],
            inputs: [0],
            outputs: [3]
        )
        let batch = normal([2, 6, 6, 3])
        var shares: [Int: Tensor] = [:]
        let gradients = backward(network, [batch], observing: [1, 2]) { shares[$0] = $2 }
        let left = try #require(shares[1])
        let right = try #require(shares[2])
        let whole = try #require(gradients.inputs[0])
        #expect(left.largestDifference(from: right) > 0.01)
        for position in 0..<whole.count {
            #expect(abs(left[position] + right[position] - whole[position]) < 1e-5)
        }
        // One alone, with the same gradient at its output, has just its own share.
        let only = backward(network, [batch], observing: [1]) { _, _, share in
            #expect(share.largestDifference(from: left) == 0)
        }
        #expect(only.inputs[0].map { $0.largestDifference(from: whole) < 1e-5 } == true)
    }
}
