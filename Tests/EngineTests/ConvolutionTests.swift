import Engine
import Graph
import Tensors
import Testing

/// One convolution with its input, filters and the gradient of its output, and what Float64 makes of them.
private struct ConvolutionCase: CustomTestStringConvertible, Sendable {
    let name: String
    let input: Shape
    let filters: Int
    let window: SlidingWindow

    var testDescription: String { name }

    init(
        _ name: String,
        _ input: Shape,
        filters: Int,
        size: Int = 3,
        stride: Int = 1,
        padding: Padding = .same
    ) {
        self.name = name
        self.input = input
        self.filters = filters
        window = SlidingWindow(
            size: Size2D(size, size),
            strides: Size2D(stride, stride),
            padding: padding
        )
    }

    /// Every algorithm, whole and odd channel counts, whole and cut tiles, one and several parts of a batch.
    static let all = [
        ConvolutionCase("tiles, 16 channels", [5, 8, 8, 16], filters: 16),
        ConvolutionCase("tiles, odd channels and sizes", [3, 9, 7, 13], filters: 11),
        ConvolutionCase("tiles, 5 channels", [3, 12, 8, 5], filters: 7),
        ConvolutionCase("tiles, no border", [2, 11, 10, 9], filters: 24, padding: .valid),
        ConvolutionCase("tiles, many parts", [19, 5, 5, 12], filters: 17),
        ConvolutionCase("tiles, point by point", [40, 4, 4, 192], filters: 200),
        ConvolutionCase("taps, 2 x 2", [9, 2, 2, 37], filters: 70),
        ConvolutionCase("taps, to one pixel", [8, 4, 4, 6], filters: 5, size: 4, padding: .valid),
        ConvolutionCase("patches, 3 channels", [4, 10, 9, 3], filters: 20),
        ConvolutionCase("patches, stride 2", [3, 9, 8, 18], filters: 21, stride: 2),
        ConvolutionCase("one by one", [3, 7, 9, 29], filters: 43, size: 1),
        ConvolutionCase("one by one, stride 2", [3, 8, 8, 16], filters: 31, size: 1, stride: 2),
    ]

    var kind: Convolution2D { Convolution2D(filters: filters, window: window, usesBias: true) }

    func network(weights: [Tensor]) throws -> Network {
        try Network(
            name: "one",
            layers: [
                Layer(name: "input", kind: .input(InputLayer(shape: input.withoutBatch))),
                Layer(name: "convolution", kind: .convolution2D(kind), weights: weights),
            ],
            nodes: [Node(layer: 0, inputs: []), Node(layer: 1, inputs: [0])],
            inputs: [0],
            outputs: [1]
        )
    }
}

/// What Float64 makes of a convolution, element by element.
private struct Reference {
    var output: [Double]
    var filterGradient: [Double]
    var inputGradient: [Double]

    init(_ one: ConvolutionCase, input: Tensor, filters: Tensor, bias: Tensor, gradient: Tensor) {
        let (shape, outputs) = (input.shape, gradient.shape)
        let (channels, count) = (shape.channels, outputs.channels)
        let border = one.window.border(Size2D(shape[1], shape[2]))
        output = (0..<gradient.count).map { Double(bias[$0 % count]) }
        filterGradient = [Double](repeating: 0, count: filters.count)
        inputGradient = [Double](repeating: 0, count: input.count)
        let size = one.window.size
        for pixel in 0..<outputs[0] * outputs[1] * outputs[2] {
            let (image, row) = (pixel / (outputs[1] * outputs[2]), pixel / outputs[2] % outputs[1])
            for tap in 0..<size.height * size.width {
                let y = row * one.window.strides.height + tap / size.width - border.top
                let x =
                    pixel % outputs[2] * one.window.strides.width + tap % size.width - border.left
                guard 0..<shape[1] ~= y, 0..<shape[2] ~= x else { continue }
                let from = ((image * shape[1] + y) * shape[2] + x) * channels
                for channel in 0..<channels {
                    let value = Double(input[from + channel])
                    let weight = (tap * channels + channel) * count
                    var sum = 0.0
                    for filter in 0..<count {
                        let slope = Double(gradient[pixel * count + filter])
                        output[pixel * count + filter] += value * Double(filters[weight + filter])
                        filterGradient[weight + filter] += value * slope
                        sum += slope * Double(filters[weight + filter])
                    }
                    inputGradient[from + channel] += sum
                }
            }
        }
    }
}

@Suite struct ConvolutionTests {
    private func normal(_ shape: Shape, _ random: inout CounterRandom) -> Tensor {
        Tensor(shape, values: (0..<shape.count).map { _ in random.nextNormal() })
    }

    /// The Euclidean length of the difference over that of the expected values.
    private func relativeError(_ found: Tensor, _ expected: [Double]) -> Double {
        var (difference, size) = (0.0, 0.0)
        for (own, wanted) in zip(found.values, expected) {
            difference += (Double(own) - wanted) * (Double(own) - wanted)
            size += wanted * wanted
        }
        return (difference / size).squareRoot()
    }

    @Test(
        "every algorithm is within 1e-5 of Float64, forward and both gradients",
        arguments: ConvolutionCase.all,
        InstructionSet.allCases.filter { $0.kernels != nil }
    )
    private func error(of one: ConvolutionCase, set: InstructionSet) throws {
        var random = CounterRandom(seed: 3, stage: one.name)
        let size = one.window.size
        let filters = normal(
            [size.height, size.width, one.input.channels, one.filters],
            &random
        )
        let bias = normal([one.filters], &random)
        let input = normal(one.input, &random)
        let network = try one.network(weights: [filters, bias])
        let gradient = normal(network.shapes[1].batched(one.input[0]), &random)
        let expected = Reference(
            one,
            input: input,
            filters: filters,
            bias: bias,
            gradient: gradient
        )
        try VectorKernels.$current.withValue(#require(set.kernels)) {
            var pass = TrainingPass(
                network,
                inputs: [input],
                random: CounterRandom(seed: 0, stage: "none")
            )
            let output = pass.values[1]
            let gradients = pass.backward([1: gradient], includingInputs: true)
            #expect(relativeError(output, expected.output) < 1e-5)
            let own = try #require(gradients.weights[1][0])
            #expect(relativeError(own, expected.filterGradient) < 1e-5)
            let back = try #require(gradients.inputs[0])
            #expect(relativeError(back, expected.inputGradient) < 1e-5)
        }
    }
}
