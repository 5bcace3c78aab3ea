import Tensors

/// A layer with its weights; several nodes may call the same layer.
public struct Layer: Sendable, Equatable {
    /// The layer's name, unique in its network.
    public var name: String
    /// What it computes.
    public var kind: LayerKind
    /// The weights in Keras' order, shaped as ``LayerRule/weights(for:)`` says.
    public var weights: [Tensor]
    /// False where the model's author froze the layer: training leaves its weights alone.
    public var isTrainable: Bool

    /// Makes a layer.
    public init(
        name: String,
        kind: LayerKind,
        weights: [Tensor] = [],
        isTrainable: Bool = true
    ) {
        self.name = name
        self.kind = kind
        self.weights = weights
        self.isTrainable = isTrainable
    }
}

/// One call of a layer on the outputs of earlier nodes.
public struct Node: Hashable, Sendable {
    /// The position of the layer in ``Network/layers``.
    public var layer: Int
    /// The positions in ``Network/nodes`` whose outputs are this call's inputs.
    public var inputs: [Int]

    /// Makes a node.
    public init(layer: Int, inputs: [Int]) {
        self.layer = layer
        self.inputs = inputs
    }
}

/// A network as a value: layers, the calls between them in topological order, and every shape known and checked.
public struct Network: Sendable {
    /// The model's name.
    public let name: String
    /// The layers; only weights and settings of surgery differ between teacher and student.
    public private(set) var layers: [Layer]
    /// The calls, each after the ones it depends on.
    public let nodes: [Node]
    /// The nodes where samples enter.
    public let inputs: [Int]
    /// The nodes whose outputs are the network's.
    public let outputs: [Int]
    /// The output shape of each node for one sample, without the batch axis.
    public let shapes: [Shape]
    /// For each layer, what its first call asked of its weights; nothing for a layer that is never called.
    public let specifications: [[WeightSpecification]?]

    /// Joins layers into a network and checks every shape.
    ///
    /// - Throws: ``GraphError`` naming the layer where something does not fit.
    public init(
        name: String,
        layers: [Layer],
        nodes: [Node],
        inputs: [Int],
        outputs: [Int]
    ) throws(GraphError) {
        self.name = name
        self.layers = layers
        self.nodes = nodes
        self.inputs = inputs
        self.outputs = outputs
        var shapes: [Shape] = []
        var specifications = [[WeightSpecification]?](repeating: nil, count: layers.count)
        shapes.reserveCapacity(nodes.count)
        for node in nodes {
            precondition(node.inputs.allSatisfy { $0 < shapes.count }, "nodes out of order")
            let layer = layers[node.layer]
            let inputShapes = node.inputs.map { shapes[$0] }
            let asked = try Self.checkedWeights(of: layer, inputs: inputShapes)
            specifications[node.layer] = specifications[node.layer] ?? asked
            let shape: Shape
            do {
                shape = try layer.kind.rule.outputShape(for: inputShapes)
            } catch {
                throw error.named(layer.name)
            }
            guard let count = shape.checkedCount, count > 0, count <= Self.largestOutput else {
                throw .outputSize(layer: layer.name, shape: shape)
            }
            shapes.append(shape)
        }
        self.shapes = shapes
        self.specifications = specifications
    }

    /// No single activation of one sample may have more elements than this (2 GiB of floats): a file cannot ask for more.
    public static let largestOutput = 1 << 29

    /// The shapes of a node's inputs.
    public func inputShapes(of node: Int) -> [Shape] {
        nodes[node].inputs.map { shapes[$0] }
    }

    /// The layer a node calls.
    public func layer(of node: Int) -> Layer { layers[nodes[node].layer] }

    /// The nodes that read each node's output, in order.
    public var readers: [[Int]] {
        var readers = [[Int]](repeating: [], count: nodes.count)
        for (index, node) in nodes.enumerated() {
            for input in node.inputs { readers[input].append(index) }
        }
        return readers
    }

    /// The nodes that call each layer, in order.
    public var calls: [[Int]] {
        var calls = [[Int]](repeating: [], count: layers.count)
        for (index, node) in nodes.enumerated() { calls[node.layer].append(index) }
        return calls
    }

    /// Replaces one weight by another of the same shape.
    public mutating func setWeight(_ weight: Tensor, layer: Int, index: Int) {
        precondition(weight.shape == layers[layer].weights[index].shape, "weight shape changed")
        layers[layer].weights[index] = weight
    }

    /// Changes one weight in place; its shape must stay.
    public mutating func updateWeight(
        layer: Int,
        index: Int,
        _ change: (inout Tensor) -> Void
    ) {
        let shape = layers[layer].weights[index].shape
        change(&layers[layer].weights[index])
        precondition(shape == layers[layer].weights[index].shape, "weight shape changed")
    }

    /// This network with every layer frozen: a training pass then computes what inference does.
    public var frozen: Network {
        var copy = self
        for index in copy.layers.indices { copy.layers[index].isTrainable = false }
        return copy
    }

    /// What a layer asks of its weights, which they have been found to fulfil.
    private static func checkedWeights(
        of layer: Layer,
        inputs: [Shape]
    ) throws(GraphError) -> [WeightSpecification] {
        let specifications: [WeightSpecification]
        do {
            specifications = try layer.kind.rule.weights(for: inputs)
        } catch {
            throw error.named(layer.name)
        }
        guard specifications.count == layer.weights.count else {
            throw .weightCount(
                layer: layer.name,
                expected: specifications.count,
                found: layer.weights.count
            )
        }
        for (specification, weight) in zip(specifications, layer.weights)
        where specification.shape != weight.shape {
            throw .weightMismatch(
                layer: layer.name,
                weight: specification.role.rawValue,
                expected: specification.shape,
                found: weight.shape
            )
        }
        return specifications
    }
}
