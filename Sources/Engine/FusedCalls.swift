import Graph
import Tensors

/// A call whose value is finished by the calls behind it before it is stored; those have no value of their own.
struct FusedCall {
    /// The first call: a convolution or a normalization.
    let head: Int
    /// The border of zeros before a convolution, which reads what that reads.
    var padding: Int?
    /// The normalization by moving statistics behind a convolution.
    var normalization: Int?
    /// The node that is added, where an addition follows.
    var addend: Int?
    /// Where the sum is cut off by a rectifier.
    var clip = Clip.none
    /// The last call: the node whose value is computed.
    var tail: Int
}

/// Which calls are computed together: convolution, normalization, addition and rectifier in one pass over memory.
///
/// The arithmetic of each value is what the calls would do one after the other, so results are the same bytes.
struct FusedCalls {
    /// The fused call that ends at a node, if one does.
    private(set) var ending: [Int: FusedCall] = [:]
    /// For each node, whether its value is only an intermediate one of a fused call.
    private(set) var isAbsorbed: [Bool]

    /// What may begin a fused call.
    enum Mode {
        /// Convolutions and normalizations by moving statistics.
        case inference
        /// Normalizations by batch statistics: the backward pass needs what they read.
        case training
    }

    /// Finds the fused calls among `calls`, which ascend; the values of `kept` nodes are wanted as they are.
    init(_ network: Network, calls: [Int], kept: [Int], mode: Mode) {
        isAbsorbed = [Bool](repeating: false, count: network.nodes.count)
        var readers = [[Int]](repeating: [], count: network.nodes.count)
        for call in calls {
            for input in network.nodes[call].inputs { readers[input].append(call) }
        }
        for node in kept { readers[node].append(contentsOf: [node, node]) }
        var isUsed = isAbsorbed
        let isCalled = Set(calls)
        for call in calls {
            guard !isUsed[call], Self.isHead(network.layer(of: call), mode: mode) else { continue }
            var fused = FusedCall(head: call, tail: call)
            if mode == .inference, let input = network.nodes[call].inputs.first,
                isCalled.contains(input), readers[input].count == 1,
                network.isPadding(input, of: call)
            {
                fused.padding = input
                isAbsorbed[input] = true
            }
            while readers[fused.tail].count == 1,
                let next = readers[fused.tail].first, !isUsed[next],
                fused.absorb(next, of: network, mode: mode)
            {
                isAbsorbed[fused.tail] = true
                isUsed[next] = true
                fused.tail = next
            }
            if fused.tail != call || fused.padding != nil { ending[fused.tail] = fused }
        }
    }

    private static func isHead(_ layer: Layer, mode: Mode) -> Bool {
        switch (layer.kind, mode) {
        case (.convolution2D, .inference), (.depthwiseConvolution2D, .inference),
            (.batchNormalization, .inference):
            true
        case (.batchNormalization, .training): layer.isTrainable
        default: false
        }
    }
}

extension FusedCall {
    /// Takes in the call behind the tail where that can be done before the value is stored.
    fileprivate mutating func absorb(
        _ next: Int,
        of network: Network,
        mode: FusedCalls.Mode
    ) -> Bool {
        let node = network.nodes[next]
        let isFinished = clip != .none
        switch network.layers[node.layer].kind {
        case .batchNormalization where mode == .inference:
            guard tail == head, !network.isNormalization(head) else { return false }
            normalization = next
        case .merge(let merge) where merge.operation == .add:
            guard addend == nil, !isFinished, node.inputs.count == 2,
                network.shapes[node.inputs[0]] == network.shapes[node.inputs[1]],
                let other = node.inputs.first(where: { $0 != tail })
            else { return false }
            addend = other
        case .activation(let function):
            guard !isFinished, let own = Clip(function) else { return false }
            clip = own
        default: return false
        }
        return true
    }
}

extension Network {
    /// Whether a node puts zeros around images that a window of several pixels reads.
    fileprivate func isPadding(_ node: Int, of call: Int) -> Bool {
        guard case .zeroPadding2D = layer(of: node).kind else { return false }
        switch layer(of: call).kind {
        case .convolution2D(let kind):
            return kind.window.padding == .valid && kind.window.size != .one
        case .depthwiseConvolution2D(let kind): return kind.window.padding == .valid
        default: return false
        }
    }

    fileprivate func isNormalization(_ node: Int) -> Bool {
        if case .batchNormalization = layer(of: node).kind { true } else { false }
    }
}
