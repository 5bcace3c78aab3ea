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
public struct TrainingPass {
    private let network: Network
    /// The output of every node.
    public let values: [Tensor]
    private let saved: [[Tensor]]
    /// For each BatchNorm call in order, its layer and the moments of the batch.
    public let moments: [(layer: Int, moments: BatchMoments)]

    /// Executes the network in training mode; frozen layers run as in inference.
    ///
    /// - Parameters:
    ///   - network: The network.
    ///   - inputs: One batch per input, [N, ...].
    ///   - random: What noise is drawn from; each node gets a stream of its own.
    public init(_ network: Network, inputs: [Tensor], random: CounterRandom) {
        self.network = network
        var values: [Tensor] = []
        var saved: [[Tensor]] = []
        var moments: [(layer: Int, moments: BatchMoments)] = []
        var seeds = random
        for (index, node) in network.nodes.enumerated() {
            let layer = network.layers[node.layer]
            let seed = seeds.next()
            guard let kernel = layer.kind.kernel else {
                values.append(inputs[network.inputs.firstIndex(of: index) ?? 0])
                saved.append([])
                continue
            }
            let mode: ExecutionMode =
                layer.isTrainable
                ? .training(CounterRandom(seed: seed, stage: "noise")) : .inference
            let output = kernel.forward(
                node.inputs.map { values[$0] },
                weights: layer.weights,
                mode: mode
            )
            values.append(output.value)
            saved.append(output.saved)
            if let observed = output.moments { moments.append((node.layer, observed)) }
        }
        self.values = values
        self.saved = saved
        self.moments = moments
    }

    /// Goes back from gradients at some nodes to gradients of all weights.
    ///
    /// - Parameters:
    ///   - gradients: The gradient of the loss with respect to the output of each node that the loss reads.
    ///   - includingInputs: Whether the gradients of the network's inputs are wanted.
    /// - Returns: The gradients of all trainable weights, and of the inputs if wanted.
    public func backward(_ gradients: [Int: Tensor], includingInputs: Bool = false) -> Gradients {
        var pending = gradients
        let needsGradient = nodesWithWeightsBefore(includingInputs: includingInputs)
        let trainability = network.trainability
        var weights = network.layers.map { [Tensor?](repeating: nil, count: $0.weights.count) }
        for index in network.nodes.indices.reversed() {
            let node = network.nodes[index]
            let layer = network.layers[node.layer]
            guard let kernel = layer.kind.kernel, needsGradient[index],
                let gradient = pending.removeValue(forKey: index)
            else { continue }
            let call = RecordedCall(
                inputs: node.inputs.map { values[$0] },
                output: values[index],
                weights: layer.weights,
                saved: saved[index],
                needsInputGradient: node.inputs.contains { needsGradient[$0] }
            )
            let result = kernel.backward(gradient, call: call)
            for (input, own) in zip(node.inputs, result.inputs) where needsGradient[input] {
                add(own, to: &pending[input])
            }
            for (weight, own) in result.weights.enumerated()
            where trainability[node.layer][weight] {
                guard let own else { continue }
                add(own, to: &weights[node.layer][weight])
            }
        }
        return Gradients(weights: weights, inputs: network.inputs.map { pending[$0] })
    }

    private func add(_ own: Tensor, to total: inout Tensor?) {
        guard var sum = total else {
            total = own
            return
        }
        // Two owners of the sum would make it be copied.
        total = nil
        accumulate(own, into: &sum)
        total = sum
    }

    /// For each node, whether a trainable weight (or a wanted input) lies at or before it.
    private func nodesWithWeightsBefore(includingInputs: Bool) -> [Bool] {
        var result: [Bool] = []
        for node in network.nodes {
            let layer = network.layers[node.layer]
            let isOwn = layer.isTrainable && !layer.weights.isEmpty
            let isInput = includingInputs && node.inputs.isEmpty
            result.append(isOwn || isInput || node.inputs.contains { result[$0] })
        }
        return result
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
