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
    /// Gradients of convolutions that the normalization behind them left to be combined on the way.
    private var combined: [Int: CombinedGradient] = [:]
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
        guard let kernel = layer.kind.kernel, needsGradient[index] else { return }
        if case .convolution2D(let kind) = layer.kind, record.needsInputGradient,
            !observed.contains(index)
        {
            passConvolution(Convolution2DKernel(layer: kind), index, node: node, record: record)
            return
        }
        guard var gradient = takeGradient(of: index) else { return }
        switch layer.kind {
        case .batchNormalization(let kind)
        where BatchNormalizationKernel(layer: kind).hasBatchStatistics(record):
            let own = BatchNormalizationKernel(layer: kind)
            passNormalization(own, &gradient, node: node, fused: fused, record: record)
        case .activation(let function) where Clip(function) != nil && record.needsInputGradient:
            let ceiling = Clip(function)?.high ?? .infinity
            Gate.pass(&gradient, output: record.output, ceiling: ceiling)
            accumulate(gradient, into: &pending[node.inputs[0]])
        default:
            let own = kernel.backward(gradient, call: record)
            if observed.contains(index) { share = own.inputs.first }
            for (input, gradient) in zip(node.inputs, own.inputs) where needsGradient[input] {
                accumulate(gradient, into: &pending[input])
            }
            addWeights(own.weights, node: node)
        }
    }

    /// The whole gradient of a node's value, written out.
    private mutating func takeGradient(of index: Int) -> Tensor? {
        if var own = combined.removeValue(forKey: index) {
            accumulate(own.take(), into: &pending[index])
        }
        return pending.removeValue(forKey: index)
    }

    private mutating func passConvolution(
        _ kernel: Convolution2DKernel,
        _ index: Int,
        node: Node,
        record: RecordedCall
    ) {
        let behind: Convolution2DKernel.OutputGradient
        if pending[index] == nil, kernel.combines(input: record.inputs[0].shape),
            let own = combined.removeValue(forKey: index)
        {
            behind = .combined(own)
        } else if let own = takeGradient(of: index) {
            behind = .whole(own)
        } else {
            return
        }
        // What lies there already is added to in place.
        var sum = pending.removeValue(forKey: node.inputs[0])
        let own = kernel.backward(behind, call: record, addingTo: &sum)
        pending[node.inputs[0]] = sum
        addWeights(own, node: node)
    }

    private mutating func passNormalization(
        _ kernel: BatchNormalizationKernel,
        _ gradient: inout Tensor,
        node: Node,
        fused: FusedCall?,
        record: RecordedCall
    ) {
        var gate = Gate.open
        if let clip = fused?.clip, clip != .none {
            gate =
                fused?.addend == nil
                ? kernel.gate(behind: record, ceiling: clip.high)
                : Gate(output: record.output, ceiling: clip.high)
        }
        let addend = fused?.addend.flatMap { needsGradient[$0] ? $0 : nil }
        var (own, weights) = kernel.trainedBackward(
            &gradient,
            call: record,
            passing: gate,
            keepsPassed: addend != nil && !gate.isOpen
        )
        if let addend {
            own.isShared = pending[addend] == nil
            accumulate(gradient, into: &pending[addend])
        }
        gradient = Tensor([0])
        addWeights(weights, node: node)
        guard record.needsInputGradient else { return }
        let input = node.inputs[0]
        if case .convolution2D = network.layer(of: input).kind, combined[input] == nil {
            combined[input] = own
        } else {
            accumulate(own.take(), into: &pending[input])
        }
    }

    private mutating func addWeights(_ own: [Tensor?], node: Node) {
        for (weight, gradient) in own.enumerated() where trainability[node.layer][weight] {
            if let gradient { accumulate(gradient, into: &weights[node.layer][weight]) }
        }
    }
}
