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
        var readers = [Int](repeating: 0, count: network.nodes.count)
        for call in calls { for input in network.nodes[call].inputs { readers[input] += 1 } }
        for node in wanted { readers[node] += 1 }
        var values = known
        for call in calls {
            values[call] = value(of: call, inputs: inputs, values: values, observe: observe)
            for input in network.nodes[call].inputs {
                readers[input] -= 1
                if readers[input] == 0 { values[input] = nil }
            }
        }
        return values.filter { wanted.contains($0.key) }
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
