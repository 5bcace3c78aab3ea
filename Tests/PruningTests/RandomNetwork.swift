import Graph
import Tensors

/// A small network drawn from the rules of every layer kind (METHODS section 8): each move adds one layer or one
/// well-known arrangement of layers to a node, and whatever is left unread at the end is read by a head.
struct RandomNetwork {
    private(set) var layers: [Layer] = []
    private(set) var nodes: [Node] = []
    private(set) var shapes: [Shape] = []
    /// The moves that were made, in order.
    private(set) var moves: [RandomMove] = []
    /// Whether a channel of zeros stays one on its way to everything that reads it.
    var keepsZeros = true
    var random: CounterRandom
    private var inputs: [Int] = []
    private var outputs: [Int] = []

    /// Draws the network of a seed.
    init(seed: UInt64) throws {
        random = CounterRandom(seed: seed, stage: "random network")
        let isSequence = chance(1, of: 8)
        var ends = [try start(isSequence: isSequence)]
        if chance(1, of: 5) { ends.append(try start(isSequence: isSequence)) }
        for _ in 0..<pick(5...9) {
            let end = pick(0...ends.count - 1)
            let move = RandomMove.allCases[pick(0...RandomMove.allCases.count - 1)]
            guard move.fits(shapes[ends[end]]) else { continue }
            moves.append(move)
            ends[end] = try make(move, from: ends[end])
        }
        for end in unread() { outputs.append(try head(end)) }
        try joinOutputs()
    }

    /// The network.
    func network() throws -> Network {
        try Network(name: "random", layers: layers, nodes: nodes, inputs: inputs, outputs: outputs)
    }

    /// Adds a layer with random weights that reads the given nodes.
    mutating func add(_ kind: LayerKind, _ inputs: [Int]) throws -> Int {
        let inputShapes = inputs.map { shapes[$0] }
        let weights = try kind.rule.weights(for: inputShapes).map { weight($0) }
        layers.append(Layer(name: "layer\(layers.count)", kind: kind, weights: weights))
        return try call(layers.count - 1, inputs)
    }

    /// Calls a layer that is there already.
    mutating func call(_ layer: Int, _ inputs: [Int]) throws -> Int {
        let inputShapes = inputs.map { shapes[$0] }
        shapes.append(try layers[layer].kind.rule.outputShape(for: inputShapes))
        nodes.append(Node(layer: layer, inputs: inputs))
        return nodes.count - 1
    }

    /// A uniform number of the range.
    mutating func pick(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &random)
    }

    /// True in so many of so many draws.
    mutating func chance(_ count: Int, of all: Int) -> Bool { pick(1...all) <= count }

    /// One of several.
    mutating func one<Element>(of elements: [Element]) -> Element {
        elements[pick(0...elements.count - 1)]
    }

    private mutating func weight(_ specification: WeightSpecification) -> Tensor {
        let shape = specification.shape
        let count = shape.count
        func values(_ draw: () -> Float) -> Tensor {
            Tensor(shape, values: (0..<count).map { _ in draw() })
        }
        switch specification.role {
        case .kernel:
            let summed = shape.dimensions.dropLast().reduce(1, *)
            let scale = (1.5 / Float(max(summed, 1))).squareRoot()
            return values { random.nextNormal() * scale }
        case .gamma, .movingVariance: return values { 0.5 + random.nextUniform() }
        case .alpha: return values { random.nextUniform() * 0.5 }
        case .bias, .beta, .movingMean: return values { random.nextNormal() * 0.2 }
        }
    }

    /// An input and the convolution that makes its first channels.
    private mutating func start(isSequence: Bool) throws -> Int {
        let shape: Shape = isSequence ? [12, 3] : [8, 8, 3]
        var node = try add(.input(InputLayer(shape: shape)), [])
        inputs.append(node)
        if isSequence { node = try add(.heightAxis(.inserted), [node]) }
        return try convolution(node, filters: pick(3...6))
    }

    /// The nodes nothing reads yet.
    private func unread() -> [Int] {
        let read = Set(nodes.flatMap(\.inputs))
        return nodes.indices.filter { !read.contains($0) }
    }

    /// Most networks answer once: a Dense layer over the answers side by side.
    private mutating func joinOutputs() throws {
        let vectors = outputs.filter { shapes[$0].rank == 1 }
        guard vectors.count > 1, chance(3, of: 4) else { return }
        let joined = try add(.concatenate(Concatenate()), vectors)
        let answer = try add(.dense(Dense(units: 3)), [joined])
        outputs = outputs.filter { !vectors.contains($0) } + [answer]
    }
}
