import Graph
import Tensors

/// The gradients that are on their way back through a network.
struct GradientWalk {
    private let network: Network
    private let trainability: [[Bool]]
    /// For each node, whether a trainable weight (or a wanted input) lies at or before it.
    let needsGradient: [Bool]
    private let observed: Set<Int>
    private var pending: [Int: Tensor]
    private var weights: [[Tensor?]]
    /// The share of the gradient of its input that the last call passed has, if that call is observed.
    private(set) var share: Tensor?

    init(
        _ network: Network,
        _ gradients: [Int: Tensor],
        includingInputs: Bool,
        observing observed: Set<Int> = []
    ) {
        self.network = network
        self.observed = observed
        trainability = network.trainability
        pending = gradients
        weights = network.layers.map { [Tensor?](repeating: nil, count: $0.weights.count) }
        var needed: [Bool] = []
        for node in network.nodes {
            let layer = network.layers[node.layer]
            let isOwn = layer.isTrainable && !layer.weights.isEmpty
            let isInput = includingInputs && node.inputs.isEmpty
            needed.append(isOwn || isInput || node.inputs.contains { needed[$0] })
        }
        needsGradient = needed
    }

    /// The gradients of all weights, and of the inputs where they were wanted.
    var result: Gradients {
        Gradients(weights: weights, inputs: network.inputs.map { pending[$0] })
    }

    /// Passes one call, fused or not: from the gradient of its value to those of its weights and of what it read.
    mutating func pass(_ index: Int, node: Node, fused: FusedCall?, record: RecordedCall) {
        share = nil
        let layer = network.layers[node.layer]
        guard let kernel = layer.kind.kernel, needsGradient[index],
            var gradient = pending.removeValue(forKey: index)
        else { return }
        switch layer.kind {
        case .batchNormalization(let kind) where record.saved.count == 2:
            passNormalization(kind, &gradient, node: node, fused: fused, record: record)
        case .activation(let function) where Clip(function) != nil && record.needsInputGradient:
            Rectifier(output: record.output, ceiling: Clip(function)?.high ?? .infinity)
                .pass(&gradient)
            accumulate(gradient, into: &pending[node.inputs[0]])
        case .convolution2D(let kind)
        where record.needsInputGradient && !observed.contains(index):
            // What lies there already is added to in place.
            var sum = pending.removeValue(forKey: node.inputs[0])
            let own = Convolution2DKernel(layer: kind)
                .backward(gradient, call: record, addingTo: &sum)
            pending[node.inputs[0]] = sum
            addWeights(own, node: node)
        default:
            let own = kernel.backward(gradient, call: record)
            if observed.contains(index) { share = own.inputs.first }
            for (input, gradient) in zip(node.inputs, own.inputs) where needsGradient[input] {
                accumulate(gradient, into: &pending[input])
            }
            addWeights(own.weights, node: node)
        }
    }

    private mutating func passNormalization(
        _ kind: BatchNormalization,
        _ gradient: inout Tensor,
        node: Node,
        fused: FusedCall?,
        record: RecordedCall
    ) {
        var rectifier: Rectifier?
        if let clip = fused?.clip, clip != .none {
            rectifier = Rectifier(output: record.output, ceiling: clip.high)
        }
        var isShared = false
        if let addend = fused?.addend, needsGradient[addend] {
            rectifier?.pass(&gradient)
            rectifier = nil
            isShared = pending[addend] == nil
            accumulate(gradient, into: &pending[addend])
        }
        let (combination, own) = BatchNormalizationKernel(layer: kind)
            .trainedBackward(gradient, call: record, passing: rectifier)
        addWeights(own, node: node)
        guard record.needsInputGradient else { return }
        if isShared {
            gradient = combination.applied(gradient, record.inputs[0], passing: rectifier)
        } else {
            combination.apply(to: &gradient, record.inputs[0], passing: rectifier)
        }
        accumulate(gradient, into: &pending[node.inputs[0]])
    }

    private mutating func addWeights(_ own: [Tensor?], node: Node) {
        for (weight, gradient) in own.enumerated() where trainability[node.layer][weight] {
            if let gradient { accumulate(gradient, into: &weights[node.layer][weight]) }
        }
    }
}
