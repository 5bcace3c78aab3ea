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
        let calls = calls(for: wanted, known: Set(known.keys))
        let fused = FusedCalls(
            network,
            calls: observe == nil ? calls : [],
            kept: wanted,
            mode: .inference
        )
        var readers = [Int](repeating: 0, count: network.nodes.count)
        for call in calls { for input in network.nodes[call].inputs { readers[input] += 1 } }
        for node in wanted { readers[node] += 1 }
        var values = known
        for call in calls where !fused.isAbsorbed[call] {
            var read = network.nodes[call].inputs
            if let own = fused.ending[call] {
                values[call] = value(of: own, values: values)
                let first = own.padding ?? own.head
                read = network.nodes[first].inputs + (own.addend.map { [$0] } ?? [])
            } else {
                values[call] = value(of: call, inputs: inputs, values: values, observe: observe)
            }
            for input in read {
                readers[input] -= 1
                if readers[input] == 0 { values[input] = nil }
            }
        }
        return values.filter { wanted.contains($0.key) }
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
