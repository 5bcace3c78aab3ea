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
///   its second matrix is zero, as it is at first, and the gated network begins as the teacher. What a gate reads is
///   standardised by a first batch. BatchNorm keeps the teacher's statistics; a batch's own would divide every gate out
///   again.
struct GatedNetwork: Sendable {
    /// The gated network: the teacher's layers, none of them trainable, then the gates'.
    private(set) var network: Network
    /// The gates.
    let gates: [ChannelGate]
    /// For each node of the teacher, the node that has taken its place.
    let places: [Int]
    /// For each gate, the layer that standardises what it reads, and the node that its first call reads.
    private let readings: [(layer: Int, node: Int)]

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
        readings = builder.readings
    }

    /// The layers among these behind which a gate can stand: they make images or single numbers per channel.
    static func gateable(_ layers: [Int], of network: Network) -> [Int] {
        let calls = network.calls
        return layers.filter { layer in
            let ranks = calls[layer].map { network.shapes[$0].rank }
            return !ranks.isEmpty && ranks.allSatisfy([1, 3].contains)
        }
    }

    /// Takes mean and deviation of what each gate reads over a batch, by which it is standardised from then on.
    ///
    /// The means of images are as large as the teacher's numbers happen to be: beside them Adam's steps would be too long
    /// or too short, and a column that comes to be negative for all samples never learns again.
    mutating func settle(on batch: Tensor) throws(GraphError) {
        let values = Inference(network).values(of: readings.map(\.node), inputs: [batch])
        var layers = network.layers
        for (layer, node) in readings {
            guard let value = values[node] else { continue }
            let width = value.shape.channels
            let count = Double(max(value.count / width, 1))
            var rescaling = Rescaling(
                scale: [Float](repeating: 1, count: width),
                offset: [Float](repeating: 0, count: width)
            )
            for channel in 0..<width {
                let own = stride(from: channel, to: value.count, by: width)
                    .map { Double(value[$0]) }
                let mean = own.reduce(0, +) / count
                let variance = own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
                guard variance > 1e-12 * mean * mean, variance > 0 else { continue }
                rescaling.scale[channel] = Float(1 / variance.squareRoot())
                rescaling.offset[channel] = Float(-mean / variance.squareRoot())
            }
            layers[layer].kind = .rescaling(rescaling)
        }
        network = try Network(
            name: network.name,
            layers: layers,
            nodes: network.nodes,
            inputs: network.inputs,
            outputs: network.outputs
        )
    }
}

/// Copies a network call by call, and adds gates.
private struct GateBuilder {
    private(set) var layers: [Layer]
    private(set) var nodes: [Node] = []
    private(set) var places: [Int] = []
    private(set) var gates: [ChannelGate] = []
    private(set) var readings: [(layer: Int, node: Int)] = []
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
            if position == pooling, known == nil { readings.append((part, last)) }
            nodes.append(Node(layer: part, inputs: [last]))
            last = nodes.count - 1
        }
        // Before the last, which doubles, the value is the sigmoid.
        gates.append(ChannelGate(node: last - 1, owners: owners))
        if let product = own.last { nodes.append(Node(layer: product, inputs: [value, last])) }
        places[places.count - 1] = nodes.count - 1
    }

    /// Adds the layers of a gate: pooling of images, standard, squeeze, rectifier, excite, sigmoid, doubling, product.
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
                plain("standard", .rescaling(Rescaling(scale: [1]))),
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
