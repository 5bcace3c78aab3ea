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
/// A normalization, the addition and the rectifier behind it are one call, so only the last of them has a value, and not
/// even that where a convolution is the only one to read it and makes it on the way.
public struct TrainingPass {
    private let network: Network
    private let fused: FusedCalls
    /// The output of every node; empty where only a fused call sees it or a convolution makes it when it reads it, and after
    /// the backward pass.
    public private(set) var values: [Tensor]
    private var saved: [[Tensor]]
    /// For normalized values that the convolution behind them makes when it reads what the normalization read: how.
    private var changes: [Int: Finish] = [:]
    private let isNormalized: Set<Int>
    /// Moments of outputs of convolutions that the normalization behind them has not taken yet.
    private var knownMoments: [Int: BatchMoments] = [:]
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
        let kept = network.outputs + reading
        fused = FusedCalls(
            network,
            calls: Array(network.nodes.indices),
            kept: kept,
            mode: .training
        )
        isNormalized = Set(fused.ending.values.map { network.nodes[$0.head].inputs[0] })
        values = network.nodes.map { _ in Self.nothing }
        saved = network.nodes.map { _ in [] }
        let onReading = madeOnReading(kept: Set(kept), batch: inputs.first?.shape[0] ?? 0)
        var seeds = random
        for index in network.nodes.indices {
            let seed = seeds.next()
            guard !fused.isAbsorbed[index] else { continue }
            guard let kernel = network.layer(of: index).kind.kernel else {
                values[index] = inputs[network.inputs.firstIndex(of: index) ?? 0]
                continue
            }
            let output: LayerOutput
            if let call = fused.ending[index] {
                output = normalize(index, call, isDoneOnReading: onReading.contains(index))
            } else if case .convolution2D(let kind) = network.layer(of: index).kind {
                output = convolve(index, Convolution2DKernel(layer: kind))
            } else {
                output = execute(index, kernel, seed: seed)
            }
            values[index] = output.value
            saved[index] = output.saved
            if let observed = output.moments {
                let head = fused.ending[index]?.head ?? index
                moments.append((network.nodes[head].layer, observed))
            }
        }
    }

    private func execute(_ index: Int, _ kernel: any LayerKernel, seed: UInt64) -> LayerOutput {
        let layer = network.layer(of: index)
        return kernel.forward(
            network.nodes[index].inputs.map { values[$0] },
            weights: layer.weights,
            mode: layer.isTrainable
                ? .training(CounterRandom(seed: seed, stage: "noise")) : .inference
        )
    }

    /// A convolution; where a normalization follows, the moments of its output are taken on the way.
    private mutating func convolve(_ index: Int, _ kernel: Convolution2DKernel) -> LayerOutput {
        let weights = network.layer(of: index).weights
        let (input, change) = (input(of: index), changes[network.nodes[index].inputs[0]])
        guard isNormalized.contains(index) else {
            return kernel.forward(input, change: change, weights: weights)
        }
        let (output, moments) = kernel.forwardWithMoments(
            input,
            change: change,
            weights: weights
        )
        knownMoments[index] = moments
        return output
    }

    /// The normalized values that one convolution alone reads, which can make them from what was normalized.
    private func madeOnReading(kept: Set<Int>, batch: Int) -> Set<Int> {
        var readers = [[Int]](repeating: [], count: network.nodes.count)
        for (index, node) in network.nodes.enumerated() {
            for input in node.inputs { readers[input].append(index) }
        }
        let found = fused.ending.filter { index, call in
            guard call.addend == nil, !kept.contains(index), readers[index].count == 1,
                !fused.isAbsorbed[readers[index][0]],
                case .convolution2D(let kind) = network.layer(of: readers[index][0]).kind
            else { return false }
            let images = network.shapes[index].batched(batch)
            return Convolution2DKernel(layer: kind).changesInput(images)
        }
        return Set(found.keys)
    }

    /// What a convolution reads: its input, or what that is made from.
    private func input(of index: Int) -> Tensor {
        let input = network.nodes[index].inputs[0]
        guard changes[input] != nil, let head = fused.ending[input]?.head else {
            return values[input]
        }
        return values[network.nodes[head].inputs[0]]
    }

    /// A normalization with the addition and rectifier behind it.
    private mutating func normalize(
        _ index: Int,
        _ fused: FusedCall,
        isDoneOnReading: Bool
    ) -> LayerOutput {
        let layer = network.layer(of: fused.head)
        guard case .batchNormalization(let kind) = layer.kind else {
            preconditionFailure("\(layer.name) cannot begin a fused call")
        }
        let input = network.nodes[fused.head].inputs[0]
        let output = BatchNormalizationKernel(layer: kind).forward(
            values[input],
            weights: layer.weights,
            mode: .training(CounterRandom(seed: 0, stage: "noise")),
            addend: fused.addend.map { values[$0] },
            clip: fused.clip,
            moments: knownMoments.removeValue(forKey: input),
            isDoneOnReading: isDoneOnReading
        )
        if isDoneOnReading {
            let (scale, offset) = (output.saved[2].values, output.saved[3].values)
            changes[index] = Finish(
                map: ChannelMap(scale: scale, offset: offset),
                clip: fused.clip
            )
        }
        return output
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
            let record = record(
                of: index,
                node: node,
                needsInputGradient: node.inputs.contains { walk.needsGradient[$0] },
                isObserved: observed.contains(index)
            )
            // The record and the walk are the only owners now.
            values[index] = Self.nothing
            saved[index] = []
            walk.pass(index, node: node, fused: call, record: record)
            if let share = walk.share { observe(index, record.inputs[0], share) }
        }
        return walk.result
    }

    /// A call for the backward pass; an observer wants to see the input itself.
    private func record(
        of index: Int,
        node: Node,
        needsInputGradient: Bool,
        isObserved: Bool
    ) -> RecordedCall {
        var record = RecordedCall(
            inputs: node.inputs.map { values[$0] },
            output: values[index],
            weights: network.layers[node.layer].weights,
            saved: saved[index],
            needsInputGradient: needsInputGradient
        )
        guard let change = node.inputs.first.flatMap({ changes[$0] }) else { return record }
        if isObserved {
            record.inputs = [linear(input(of: index), change.map, clip: change.clip)]
        } else {
            record.inputs = [input(of: index)]
            record.change = change
        }
        return record
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
