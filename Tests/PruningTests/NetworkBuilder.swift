import Datasets
import Graph
import Tensors

/// Builds small networks layer by layer with random weights.
struct NetworkBuilder {
    private(set) var layers: [Layer] = []
    private(set) var nodes: [Node] = []
    private var channels: [Int] = []
    private var random: CounterRandom

    init(seed: UInt64 = 5, input: Shape) {
        random = CounterRandom(seed: seed, stage: "network")
        layers = [Layer(name: "input", kind: .input(InputLayer(shape: input)))]
        nodes = [Node(layer: 0, inputs: [])]
        channels = [input.channels]
    }

    mutating func normal(_ shape: Shape, _ deviation: Float) -> Tensor {
        Tensor(shape, values: (0..<shape.count).map { _ in random.nextNormal() * deviation })
    }

    /// Adds a layer that reads the given nodes; its number of channels is the first input's unless given.
    @discardableResult
    mutating func add(
        _ name: String,
        _ kind: LayerKind,
        _ weights: [Tensor] = [],
        reading inputs: [Int],
        channels own: Int? = nil
    ) -> Int {
        layers.append(Layer(name: name, kind: kind, weights: weights))
        nodes.append(Node(layer: layers.count - 1, inputs: inputs))
        channels.append(own ?? channels[inputs[0]])
        return nodes.count - 1
    }

    func width(of node: Int) -> Int { channels[node] }

    /// Calls a layer that was added before once more.
    mutating func call(_ name: String, reading inputs: [Int]) -> Int {
        let layer = layers.firstIndex { $0.name == name } ?? 0
        nodes.append(Node(layer: layer, inputs: inputs))
        channels.append(channels[inputs[0]])
        return nodes.count - 1
    }

    /// A convolution; its kernel is zero where only the cost is asked for.
    mutating func convolution(
        _ name: String,
        _ input: Int,
        _ filters: Int,
        size: Int = 3,
        stride: Int = 1,
        dilation: Int = 1,
        padding: Padding = .same,
        usesBias: Bool = false,
        isRandom: Bool = true
    ) -> Int {
        let window = SlidingWindow(
            size: Size2D(size, size),
            strides: Size2D(stride, stride),
            dilation: Size2D(dilation, dilation),
            padding: padding
        )
        let shape = Shape([size, size, channels[input], filters])
        let kernel = isRandom ? normal(shape, 0.3) : Tensor(shape)
        return add(
            name,
            .convolution2D(Convolution2D(filters: filters, window: window, usesBias: usesBias)),
            [kernel] + (usesBias ? [Tensor([filters])] : []),
            reading: [input],
            channels: filters
        )
    }

    /// A convolution of 3 x 3 in groups, with as many filters as channels.
    mutating func grouped(_ name: String, _ input: Int, groups: Int) -> Int {
        let width = channels[input]
        let window = SlidingWindow(size: Size2D(3, 3), padding: .same)
        return add(
            name,
            .convolution2D(
                Convolution2D(filters: width, window: window, groups: groups, usesBias: false)
            ),
            [normal([3, 3, width / groups, width], 0.3)],
            reading: [input]
        )
    }

    mutating func depthwise(_ name: String, _ input: Int, multiplier: Int) -> Int {
        let window = SlidingWindow(size: Size2D(3, 3), padding: .same)
        return add(
            name,
            .depthwiseConvolution2D(
                DepthwiseConvolution2D(window: window, multiplier: multiplier, usesBias: false)
            ),
            [normal([3, 3, channels[input], multiplier], 0.4)],
            reading: [input],
            channels: channels[input] * multiplier
        )
    }

    /// A transposed convolution that doubles rows and columns.
    mutating func transposed(_ name: String, _ input: Int, _ filters: Int) -> Int {
        let window = SlidingWindow(
            size: Size2D(3, 3),
            strides: Size2D(2, 2),
            padding: .same
        )
        return add(
            name,
            .transposedConvolution2D(TransposedConvolution2D(filters: filters, window: window)),
            [normal([3, 3, filters, channels[input]], 0.3), normal([filters], 0.1)],
            reading: [input],
            channels: filters
        )
    }

    mutating func normalization(_ name: String, _ input: Int, isRandom: Bool = true) -> Int {
        let width = channels[input]
        let shift =
            isRandom
            ? [normal([width], 0.2), normal([width], 0.1)] : [Tensor([width]), Tensor([width])]
        return add(
            name,
            .batchNormalization(BatchNormalization()),
            [Tensor([width], repeating: 1)] + shift + [Tensor([width], repeating: 1)],
            reading: [input]
        )
    }

    mutating func dense(_ name: String, _ input: Int, _ length: Int, _ units: Int) -> Int {
        add(
            name,
            .dense(Dense(units: units)),
            [normal([length, units], 0.5), Tensor([units])],
            reading: [input],
            channels: units
        )
    }

    mutating func relu(_ name: String, _ input: Int) -> Int {
        add(name, .activation(.relu()), reading: [input])
    }

    func network(output: Int) throws -> Network {
        try Network(name: "built", layers: layers, nodes: nodes, inputs: [0], outputs: [output])
    }
}

enum TestData {
    static func samples(
        _ count: Int,
        _ shape: Shape,
        classes: Int32 = 4,
        hasLabels: Bool = true,
        seed: UInt64 = 6
    ) -> SampleSet {
        var random = CounterRandom(seed: seed, stage: "data")
        return SampleSet(
            storage: .floats((0..<count * shape.count).map { _ in random.nextNormal() }),
            sampleShape: shape,
            labels: hasLabels
                ? (0..<count).map { _ in Int32.random(in: 0..<classes, using: &random) } : nil
        )
    }
}
