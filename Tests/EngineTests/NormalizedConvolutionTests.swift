import Engine
import Graph
import Tensors
import Testing

/// A convolution with a normalization behind it: moments summed on the way, and gradients combined on the way back.
@Suite struct NormalizedConvolutionTests {
    private let convolution = Convolution2D(
        filters: 11,
        window: SlidingWindow(size: Size2D(3, 3), padding: .same),
        usesBias: false
    )

    /// Enough images for the convolution to be shared out in whole images.
    private let shape: Shape = [60, 9, 8, 9]

    private func tensor(_ shape: Shape, seed: UInt64, offset: Float = 0) -> Tensor {
        var random = CounterRandom(seed: seed, stage: "test")
        let values = (0..<shape.count).map { _ in random.nextUniform() * 2 - 1 + offset }
        return Tensor(shape, values: values)
    }

    private func network() throws -> Network {
        let normalization = BatchNormalization(epsilon: 1e-3)
        let weights = [
            tensor([11], seed: 2, offset: 2), tensor([11], seed: 3), Tensor([11]),
            Tensor([11], repeating: 1),
        ]
        return try Network(
            name: "normalized",
            layers: [
                Layer(name: "input", kind: .input(InputLayer(shape: shape.withoutBatch))),
                Layer(
                    name: "convolution",
                    kind: .convolution2D(convolution),
                    weights: [tensor([3, 3, 9, 11], seed: 1, offset: 0.5)]
                ),
                Layer(
                    name: "normalization",
                    kind: .batchNormalization(normalization),
                    weights: weights
                ),
                Layer(
                    name: "relu",
                    kind: .activation(.relu(slope: 0, maximum: nil, threshold: 0))
                ),
            ],
            nodes: (0..<4).map { Node(layer: $0, inputs: $0 == 0 ? [] : [$0 - 1]) },
            inputs: [0],
            outputs: [3]
        )
    }

    @Test("moments summed while the output is computed are those of the output")
    func moments() throws {
        let pass = TrainingPass(
            try network(),
            inputs: [tensor(shape, seed: 4, offset: 3)],
            random: CounterRandom(seed: 1, stage: "test")
        )
        let output = pass.values[1]
        let found = try #require(pass.moments.first).moments
        let rows = output.count / 11
        #expect(found.count == rows)
        for channel in 0..<11 {
            let own = (0..<rows).map { Double(output[$0 * 11 + channel]) }
            let mean = own.reduce(0, +) / Double(rows)
            let variance = own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)
            #expect(abs(found.mean[channel] - mean) <= 1e-6 * abs(mean))
            #expect(abs(found.variance[channel] - variance) <= 1e-5 * variance)
        }
    }

    @Test("gradients combined on the way back are those that are written out")
    func gradients() throws {
        let network = try network()
        let input = tensor(shape, seed: 4, offset: 3)
        let gradient = tensor([60, 9, 8, 11], seed: 5)
        func gradients(reading: [Int], own: [Int: Tensor]) -> Gradients {
            var pass = TrainingPass(
                network,
                inputs: [input],
                reading: reading,
                random: CounterRandom(seed: 1, stage: "test")
            )
            return pass.backward(own, includingInputs: true)
        }
        // A gradient of its own at the convolution makes the other one be written out.
        let zero = Tensor([60, 9, 8, 11])
        let combined = gradients(reading: [], own: [3: gradient])
        let apart = gradients(reading: [1], own: [3: gradient, 1: zero])
        for (layer, weights) in combined.weights.enumerated() {
            for (index, own) in weights.enumerated() {
                guard let own else { continue }
                let other = try #require(apart.weights[layer][index])
                expectClose(own, other, tolerance: 1e-6, "gradient \(index) of layer \(layer)")
            }
        }
        let own = try #require(combined.inputs[0])
        let other = try #require(apart.inputs[0])
        expectClose(own, other, tolerance: 1e-6, "gradient of the input")
    }

    /// The same with a convolution behind the rectifier, which alone reads it.
    private func twoConvolutions() throws -> Network {
        let first = try network()
        let second = Layer(
            name: "second",
            kind: .convolution2D(
                Convolution2D(filters: 6, window: convolution.window, usesBias: true)
            ),
            weights: [tensor([3, 3, 11, 6], seed: 8), tensor([6], seed: 9)]
        )
        return try Network(
            name: "two",
            layers: first.layers + [second],
            nodes: first.nodes + [Node(layer: 4, inputs: [3])],
            inputs: [0],
            outputs: [4]
        )
    }

    @Test(
        "values that a convolution makes when it reads them are nowhere, and all gradients the same bytes"
    )
    func madeOnReading() throws {
        let network = try twoConvolutions()
        func pass(reading: [Int]) -> TrainingPass {
            TrainingPass(
                network,
                inputs: [tensor(shape, seed: 4, offset: 3)],
                reading: reading,
                random: CounterRandom(seed: 1, stage: "test")
            )
        }
        var (made, kept) = (pass(reading: []), pass(reading: [3]))
        #expect(made.values[3].count == 0)
        #expect(kept.values[3].count > 0)
        #expect(made.values[4] == kept.values[4])
        let values = kept.values[3]
        let gradient = tensor([60, 9, 8, 6], seed: 5)
        let other = kept.backward([4: gradient], includingInputs: true)
        var observed = pass(reading: [])
        let seen = observed.backward([4: gradient], includingInputs: true, observing: [4]) {
            call,
            input,
            _ in
            #expect(call == 4)
            #expect(input == values)
        }
        for own in [made.backward([4: gradient], includingInputs: true), seen] {
            #expect(own.weights == other.weights)
            #expect(own.inputs == other.inputs)
        }
    }
}
