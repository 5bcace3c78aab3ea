import Graph
import Tensors

/// The gradients of a loss.
public struct Gradients: Sendable {
    /// For each layer, for each weight, the gradient; nil for statistics and frozen layers.
    public var weights: [[Tensor?]]
    /// For each input of the network, the gradient, where it was asked for.
    public var inputs: [Tensor?]
}

/// One recorded forward pass in training mode, and the way back.
///
/// A normalization, the addition and the rectifier behind it are one call, so only the last of them has a value.
public struct TrainingPass {
    private let network: Network
    private let fused: FusedCalls
    /// The output of every node; empty where only a fused call sees it, and after the backward pass.
    public private(set) var values: [Tensor]
    private var saved: [[Tensor]]
    /// For each BatchNorm call in order, its layer and the moments of the batch.
    public private(set) var moments: [(layer: Int, moments: BatchMoments)] = []

    private static let nothing = Tensor([0])

    /// Executes the network in training mode; frozen layers run as in inference.
    ///
    /// - Parameters:
    ///   - network: The network.
    ///   - inputs: One batch per input, [N, ...].
    ///   - reading: The nodes besides the outputs whose values or gradients the loss deals with.
    ///   - random: What noise is drawn from; each node gets a stream of its own.
    public init(
        _ network: Network,
        inputs: [Tensor],
        reading: [Int] = [],
        random: CounterRandom
    ) {
        self.network = network
        fused = FusedCalls(
            network,
            calls: Array(network.nodes.indices),
            kept: network.outputs + reading,
            mode: .training
        )
        values = network.nodes.map { _ in Self.nothing }
        saved = network.nodes.map { _ in [] }
        var seeds = random
        let heads = fused.ending.values.map { network.nodes[$0.head].inputs[0] }
        let isNormalized = Set(heads)
        var known: [Int: BatchMoments] = [:]
        for (index, node) in network.nodes.enumerated() {
            let seed = seeds.next()
            guard !fused.isAbsorbed[index] else { continue }
            let layer = network.layers[node.layer]
            guard let kernel = layer.kind.kernel else {
                values[index] = inputs[network.inputs.firstIndex(of: index) ?? 0]
                continue
            }
            let mode: ExecutionMode =
                layer.isTrainable
                ? .training(CounterRandom(seed: seed, stage: "noise")) : .inference
            let output: LayerOutput
            if let call = fused.ending[index] {
                let head = network.nodes[call.head].inputs[0]
                output = normalized(call, moments: known.removeValue(forKey: head))
            } else if case .convolution2D(let kind) = layer.kind, isNormalized.contains(index) {
                let input = values[node.inputs[0]]
                let kernel = Convolution2DKernel(layer: kind)
                (output, known[index]) = kernel.forwardWithMoments(input, weights: layer.weights)
            } else {
                output = kernel.forward(
                    node.inputs.map { values[$0] },
                    weights: layer.weights,
                    mode: mode
                )
            }
            values[index] = output.value
            saved[index] = output.saved
            if let observed = output.moments {
                moments.append((network.nodes[fused.ending[index]?.head ?? index].layer, observed))
            }
        }
    }

    /// A normalization with the addition and rectifier behind it.
    private func normalized(_ fused: FusedCall, moments: BatchMoments?) -> LayerOutput {
        let layer = network.layer(of: fused.head)
        guard case .batchNormalization(let kind) = layer.kind else {
            preconditionFailure("\(layer.name) cannot begin a fused call")
        }
        return BatchNormalizationKernel(layer: kind).forward(
            values[network.nodes[fused.head].inputs[0]],
            weights: layer.weights,
            mode: .training(CounterRandom(seed: 0, stage: "noise")),
            addend: fused.addend.map { values[$0] },
            clip: fused.clip,
            moments: moments
        )
    }

    /// Goes back from gradients at some nodes to gradients of all weights, and lets values go on the way.
    ///
    /// - Parameters:
    ///   - gradients: The gradient of the loss with respect to the output of each node that the loss reads.
    ///   - includingInputs: Whether the gradients of the network's inputs are wanted.
    ///   - observed: Calls with one input, no normalizations, whose own share of its gradient is wanted.
    ///   - observe: Called with each of them, its input, and the gradient that reaches the input through it alone.
    /// - Returns: The gradients of all trainable weights, and of the inputs if wanted.
    public mutating func backward(
        _ gradients: [Int: Tensor],
        includingInputs: Bool = false,
        observing observed: Set<Int> = [],
        _ observe: (_ call: Int, _ input: Tensor, _ gradient: Tensor) -> Void = { _, _, _ in }
    ) -> Gradients {
        var walk = GradientWalk(
            network,
            gradients,
            includingInputs: includingInputs,
            observing: observed
        )
        for index in network.nodes.indices.reversed() where !fused.isAbsorbed[index] {
            let call = fused.ending[index]
            let node = network.nodes[call?.head ?? index]
            let record = RecordedCall(
                inputs: node.inputs.map { values[$0] },
                output: values[index],
                weights: network.layers[node.layer].weights,
                saved: saved[index],
                needsInputGradient: node.inputs.contains { walk.needsGradient[$0] }
            )
            // The record and the walk are the only owners now.
            values[index] = Self.nothing
            saved[index] = []
            walk.pass(index, node: node, fused: call, record: record)
            if let share = walk.share { observe(index, record.inputs[0], share) }
        }
        return walk.result
    }
}

extension Network {
    /// Moves the moving statistics towards a batch's, by each layer's momentum: `old * momentum + batch * (1 - momentum)`.
    public mutating func updateMovingStatistics(from pass: TrainingPass) {
        for (layer, moments) in pass.moments {
            guard case .batchNormalization(let kind) = layers[layer].kind else { continue }
            let kept = Double(kind.momentum)
            for (offset, batch) in [moments.mean, moments.variance].enumerated() {
                updateWeight(layer: layer, index: kind.movingMeanIndex + offset) { moving in
                    for channel in batch.indices {
                        moving[channel] = Float(
                            Double(moving[channel]) * kept + batch[channel] * (1 - kept)
                        )
                    }
                }
            }
        }
    }
}
