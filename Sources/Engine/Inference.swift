import Graph
import Tensors

/// Executes a network, or the part of it that leads from known values to wanted ones.
public struct Inference: Sendable {
    /// The network.
    public let network: Network

    /// Makes an execution of the given network.
    public init(_ network: Network) {
        self.network = network
    }

    /// The nodes that must be computed to get from known values to wanted ones, ascending.
    public func calls(for wanted: [Int], known: Set<Int> = []) -> [Int] {
        var isNeeded = [Bool](repeating: false, count: network.nodes.count)
        for node in wanted where !known.contains(node) { isNeeded[node] = true }
        for node in network.nodes.indices.reversed() where isNeeded[node] {
            for input in network.nodes[node].inputs where !known.contains(input) {
                isNeeded[input] = true
            }
        }
        return isNeeded.indices.filter { isNeeded[$0] }
    }

    /// The outputs of wanted nodes; every other value is let go as soon as its last reader is done.
    ///
    /// - Parameters:
    ///   - wanted: The nodes.
    ///   - inputs: One batch per input of the network, [N, ...].
    ///   - known: Values of nodes that need not be computed.
    ///   - observe: Called with each computed BatchNorm's batch moments; its presence means batch statistics are used.
    /// - Returns: The value of each wanted node.
    public func values(
        of wanted: [Int],
        inputs: [Tensor],
        known: [Int: Tensor] = [:],
        observingMoments observe: ((_ layer: Int, _ moments: BatchMoments) -> Void)? = nil
    ) -> [Int: Tensor] {
        let batch = inputs.first?.shape[0] ?? known.values.first?.shape[0] ?? 0
        let fusing = observe == nil
        var values = known
        var executed = executedCalls(for: wanted, known: Set(values.keys), fusing: fusing)
        while fusing,
            let leading = LeadingCalls(network, calls: executed, wanted: wanted, batch: batch)
        {
            for (node, value) in shares(of: leading, batch: batch, inputs: inputs, known: values) {
                values[node] = value
            }
            executed = executedCalls(for: wanted, known: Set(values.keys), fusing: fusing)
        }
        var readers = [Int](repeating: 0, count: network.nodes.count)
        for call in executed { for input in call.reads { readers[input] += 1 } }
        for node in wanted { readers[node] += 1 }
        values = values.filter { readers[$0.key] > 0 }
        for call in executed {
            values[call.node] =
                call.fused.map { value(of: $0, values: values) }
                ?? value(of: call.node, inputs: inputs, values: values, observe: observe)
            for input in call.reads {
                readers[input] -= 1
                if readers[input] == 0 { values[input] = nil }
            }
        }
        return values.filter { wanted.contains($0.key) }
    }

    /// What `values(of:)` computes for a few images at a time before the rest is for all, if anything is: for tests.
    package func leadingCalls(
        for wanted: [Int],
        known: Set<Int> = [],
        batch: Int
    ) -> LeadingCalls? {
        let executed = executedCalls(for: wanted, known: known, fusing: true)
        return LeadingCalls(network, calls: executed, wanted: wanted, batch: batch)
    }

    private func executedCalls(
        for wanted: [Int],
        known: Set<Int>,
        fusing: Bool
    ) -> [ExecutedCall] {
        let calls = calls(for: wanted, known: known)
        let fused = FusedCalls(
            network,
            calls: fusing ? calls : [],
            kept: wanted,
            mode: .inference
        )
        return calls.filter { !fused.isAbsorbed[$0] }.map { node in
            guard let own = fused.ending[node] else {
                return ExecutedCall(node: node, reads: network.nodes[node].inputs)
            }
            let first = network.nodes[own.padding ?? own.head].inputs
            let addend = own.addend.map { [$0] } ?? []
            return ExecutedCall(node: node, reads: first + addend, fused: own)
        }
    }

    /// The values at the boundary of leading calls, computed for some images after the others.
    private func shares(
        of leading: LeadingCalls,
        batch: Int,
        inputs: [Tensor],
        known: [Int: Tensor]
    ) -> [Int: Tensor] {
        let needed = calls(for: leading.boundary, known: Set(known.keys))
        let read = known.filter { node, _ in
            needed.contains { network.nodes[$0].inputs.contains(node) }
        }
        var joined: [Int: [Float]] = [:]
        for images in chunks(of: leading.images, covering: batch) {
            let share = values(
                of: leading.boundary,
                inputs: inputs.map { $0.rows(images) },
                known: read.mapValues { $0.rows(images) }
            )
            for (node, value) in share {
                if joined[node] == nil {
                    joined[node] = []
                    joined[node]?.reserveCapacity(batch * value.shape.withoutBatch.count)
                }
                joined[node]?.append(contentsOf: value.values)
            }
        }
        var result: [Int: Tensor] = [:]
        for (node, values) in joined {
            result[node] = Tensor(network.shapes[node].batched(batch), values: values)
        }
        return result
    }

    /// A convolution or normalization with what follows it.
    private func value(of fused: FusedCall, values: [Int: Tensor]) -> Tensor {
        let layer = network.layer(of: fused.head)
        let arguments = network.nodes[fused.padding ?? fused.head].inputs.compactMap { values[$0] }
        var border = Border.none
        if let padding = fused.padding,
            case .zeroPadding2D(let kind) = network.layer(of: padding).kind
        {
            border = kind.border
        }
        let addend = fused.addend.flatMap { values[$0] }
        precondition(
            arguments.count == 1 && (addend != nil) == (fused.addend != nil),
            "a value was let go too early"
        )
        var finish = Finish(addend: addend, clip: fused.clip)
        if let normalization = fused.normalization,
            case .batchNormalization(let kind) = network.layer(of: normalization).kind
        {
            let weights = network.layer(of: normalization).weights
            finish.map = BatchNormalizationKernel(layer: kind).movingMap(weights: weights)
        }
        switch layer.kind {
        case .convolution2D(let kind):
            finish.bias = kind.usesBias ? layer.weights[1].values : []
            let kernel = Convolution2DKernel(layer: kind)
            return kernel.forward(
                arguments[0],
                filters: layer.weights[0],
                finish: finish,
                border: border
            )
        case .depthwiseConvolution2D(let kind):
            finish.bias = kind.usesBias ? layer.weights[1].values : []
            let kernel = DepthwiseConvolution2DKernel(layer: kind)
            return kernel.forward(
                arguments[0],
                kernel: layer.weights[0],
                finish: finish,
                border: border
            )
        case .batchNormalization(let kind):
            let kernel = BatchNormalizationKernel(layer: kind)
            let map = kernel.movingMap(weights: layer.weights)
            return linear(arguments[0], map, addend: addend, clip: fused.clip)
        default: preconditionFailure("\(layer.name) cannot begin a fused call")
        }
    }

    private func value(
        of call: Int,
        inputs: [Tensor],
        values: [Int: Tensor],
        observe: ((Int, BatchMoments) -> Void)?
    ) -> Tensor {
        let node = network.nodes[call]
        let layer = network.layers[node.layer]
        guard let kernel = layer.kind.kernel else {
            return inputs[network.inputs.firstIndex(of: call) ?? 0]
        }
        let arguments = node.inputs.compactMap { values[$0] }
        precondition(arguments.count == node.inputs.count, "a value was let go too early")
        var mode = ExecutionMode.inference
        if observe != nil, layer.isTrainable, case .batchNormalization = layer.kind {
            mode = .training(CounterRandom(seed: 0, stage: "moments"))
        }
        let output = kernel.forward(arguments, weights: layer.weights, mode: mode)
        if let observe, let moments = output.moments { observe(node.layer, moments) }
        return output.value
    }
}

extension Network {
    /// The outputs of the network for one batch per input, [N, ...] each.
    public func predict(_ inputs: [Tensor]) -> [Tensor] {
        let values = Inference(self).values(of: outputs, inputs: inputs)
        return outputs.compactMap { values[$0] }
    }
}
