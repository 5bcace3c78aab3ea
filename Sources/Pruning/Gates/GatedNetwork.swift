import Engine
import Graph
import Tensors

/// A frozen teacher with a trainable squeeze-and-excitation gate behind each layer that makes channels of some groups.
///
/// The gate stands before the layer's BatchNorm: the mean over the image, a matrix to a sixteenth of the channels, a
/// rectifier, a matrix back, a sigmoid. Up to 16 channels the sixteenth is one number, and both matrices have biases.
/// A group that several layers make has a gate behind each.
///
/// Source: Chang et al. 2020, "UCP: Uniform Channel Pruning for Deep Convolutional Neural Networks Compression and
///   Acceleration", arXiv:2010.01251, and its code. Ours: the gate counts twice, so that it lets everything pass where
///   its second matrix is zero, as it is at first, and the gated network begins as the teacher. BatchNorm keeps the
///   teacher's statistics; a batch's own would divide every gate out again.
struct GatedNetwork: Sendable {
    /// The gated network: the teacher's layers, none of them trainable, then the gates'.
    private(set) var network: Network
    /// The gates.
    let gates: [ChannelGate]
    /// For each node of the teacher, the node that has taken its place.
    let places: [Int]
    /// For each gate, its first matrix and that matrix's first call.
    private let squeezes: [(layer: Int, node: Int)]

    /// Adds gates behind the given layers.
    init(
        _ teacher: Network,
        _ analysis: CouplingAnalysis,
        gating layers: [Int],
        seed: UInt64
    ) throws(GraphError) {
        var builder = GateBuilder(teacher, seed: seed)
        let gated = Set(layers)
        for (index, node) in teacher.nodes.enumerated() {
            builder.copy(node)
            guard gated.contains(node.layer) else { continue }
            builder.gate(node.layer, shape: teacher.shapes[index], owners: analysis.owners[index])
        }
        network = try Network(
            name: teacher.name,
            layers: builder.layers,
            nodes: builder.nodes,
            inputs: teacher.inputs.map { builder.places[$0] },
            outputs: teacher.outputs.map { builder.places[$0] }
        )
        gates = builder.gates
        places = builder.places
        squeezes = builder.squeezes
    }

    /// The layers among these behind which a gate can stand: they make images or single numbers per channel.
    static func gateable(_ layers: [Int], of network: Network) -> [Int] {
        let calls = network.calls
        return layers.filter { layer in
            let ranks = calls[layer].map { network.shapes[$0].rank }
            return !ranks.isEmpty && ranks.allSatisfy([1, 3].contains)
        }
    }

    /// Gives each first matrix's columns the sign and size that make what they answer to a batch mostly positive and of
    /// mean square one: behind the rectifier a column that is negative for all samples would never learn.
    mutating func settle(on batch: Tensor) {
        let values = Inference(network).values(of: squeezes.map(\.node), inputs: [batch])
        for (layer, node) in squeezes {
            guard let answers = values[node] else { continue }
            let width = answers.shape.channels
            let scales = (0..<width).map { column in
                let own = stride(from: column, to: answers.count, by: width)
                    .map { Double(answers[$0]) }
                let square = own.reduce(0) { $0 + $1 * $1 } / Double(max(own.count, 1))
                let sign: Double = own.reduce(0, +) < 0 ? -1 : 1
                return square > 0 ? Float(sign / square.squareRoot()) : 1
            }
            network.updateWeight(layer: layer, index: 0) { kernel in
                for position in 0..<kernel.count { kernel[position] *= scales[position % width] }
            }
        }
    }
}

/// Copies a network call by call, and adds gates.
private struct GateBuilder {
    private(set) var layers: [Layer]
    private(set) var nodes: [Node] = []
    private(set) var places: [Int] = []
    private(set) var gates: [ChannelGate] = []
    private(set) var squeezes: [(layer: Int, node: Int)] = []
    /// For each gated layer, the layers of its gate: all of its calls share them.
    private var gateLayers: [Int: [Int]] = [:]
    private var random: CounterRandom

    init(_ teacher: Network, seed: UInt64) {
        layers = teacher.layers.map {
            Layer(name: $0.name, kind: $0.kind, weights: $0.weights, isTrainable: false)
        }
        random = CounterRandom(seed: seed, stage: "gates")
    }

    mutating func copy(_ node: Node) {
        nodes.append(Node(layer: node.layer, inputs: node.inputs.map { places[$0] }))
        places.append(nodes.count - 1)
    }

    /// Multiplies the last value by its gate, which takes the value's place.
    mutating func gate(_ layer: Int, shape: Shape, owners: [UnitReference?]) {
        let value = nodes.count - 1
        let known = gateLayers[layer]
        if known == nil { gateLayers[layer] = makeGate(of: layer, shape: shape) }
        let own = gateLayers[layer] ?? []
        let pooling = shape.rank == 3 ? 1 : 0
        var last = value
        for (position, part) in own.dropLast().enumerated() {
            nodes.append(Node(layer: part, inputs: [last]))
            last = nodes.count - 1
            if position == pooling, known == nil { squeezes.append((part, last)) }
        }
        // Before the last, which doubles, the value is the sigmoid.
        gates.append(ChannelGate(node: last - 1, owners: owners))
        if let product = own.last { nodes.append(Node(layer: product, inputs: [value, last])) }
        places[places.count - 1] = nodes.count - 1
    }

    /// Adds the layers of a gate: pooling of images, squeeze, rectifier, excite, sigmoid, doubling, product.
    private mutating func makeGate(of layer: Int, shape: Shape) -> [Int] {
        let name = layers[layer].name
        let channels = shape.channels
        let hidden = max(channels / 16, 1)
        let usesBias = channels <= 16
        let deviation = (2 / Float(channels)).squareRoot()
        let squeeze = (0..<channels * hidden).map { _ in random.nextNormal() * deviation }
        func dense(_ part: String, _ kernel: Tensor) -> Layer {
            let units = kernel.shape.channels
            return Layer(
                name: "\(name) gate \(part)",
                kind: .dense(Dense(units: units, usesBias: usesBias)),
                weights: [kernel] + (usesBias ? [Tensor([units])] : [])
            )
        }
        func plain(_ part: String, _ kind: LayerKind) -> Layer {
            Layer(name: "\(name) gate \(part)", kind: kind)
        }
        let pooling = GlobalPooling2D(.average, keepsDimensions: true)
        let parts =
            (shape.rank == 3 ? [plain("pooling", .globalPooling2D(pooling))] : []) + [
                dense("squeeze", Tensor([channels, hidden], values: squeeze)),
                plain("rectifier", .activation(.relu())),
                dense("excite", Tensor([hidden, channels])),
                plain("sigmoid", .activation(.sigmoid)),
                plain("doubling", .rescaling(Rescaling(scale: [2]))),
                plain("product", .merge(Merge(.multiply))),
            ]
        layers += parts
        return Array(layers.count - parts.count..<layers.count)
    }
}
