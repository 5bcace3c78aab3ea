import Graph
import Tensors

/// The first calls of an execution that are done for a few images at a time, because their values for a whole batch
/// would not stay in the processor's caches between one layer and the next.
///
/// They end before a layer whose bytes depend on how many images it is given, so the values are the same bytes.
package struct LeadingCalls {
    /// Bytes that are taken to stay in the last cache, which is shared.
    private static let cache = 16 << 20
    /// What starting a call once more costs, in bytes of memory traffic.
    private static let start = 1 << 18
    /// Bytes moved to lay out filters once more, for each of their bytes: Winograd's points are four times as many.
    private static let layout = 8

    /// The nodes whose values the other calls read, or that are wanted.
    package let boundary: [Int]
    /// Images at a time.
    package let images: Int

    /// Finds the calls that save most memory traffic; nil where none do.
    ///
    /// - Parameters:
    ///   - network: The network.
    ///   - calls: What is computed, in order; fused calls are one.
    ///   - wanted: The nodes whose values are wanted for the whole batch.
    ///   - batch: The images.
    init?(_ network: Network, calls: [ExecutedCall], wanted: [Int], batch: Int) {
        // Small batches are answered in little more time than this takes.
        let bytes = network.shapes.map { $0.count * MemoryLayout<Float>.stride }
        func traffic(_ call: ExecutedCall) -> Int {
            call.reads.reduce(bytes[call.node]) { $0 + bytes[$1] }
        }
        guard calls.contains(where: { traffic($0) * batch > Self.cache }) else { return nil }
        var lastReader = [Int](repeating: -1, count: network.nodes.count)
        for (position, call) in calls.enumerated() {
            for node in call.reads { lastReader[node] = position }
        }
        for node in wanted { lastReader[node] = calls.count }
        var isComputed = [Bool](repeating: false, count: bytes.count)
        var isSliced = isComputed
        // Bytes: saved by the calls so far, spent for each further share of the batch, copied at the end.
        var (saved, spent, copied) = (0, 0, 0)
        var largest = 1
        var best: (saving: Int, position: Int, shares: Int) = (0, 0, 1)
        for (position, call) in calls.enumerated() where !call.reads.isEmpty {
            if call.dependsOnBatch(batch, in: network) { break }
            let own = traffic(call)
            largest = max(largest, own)
            if own * batch > Self.cache { saved += own * batch }
            spent += Self.start + call.weightBytes(in: network) * Self.layout
            for node in call.reads where !isComputed[node] && !isSliced[node] {
                isSliced[node] = true
                saved -= 2 * bytes[node] * batch
            }
            isComputed[call.node] = true
            copied += bytes[call.node]
            for node in Set(call.reads) where isComputed[node] && lastReader[node] == position {
                copied -= bytes[node]
            }
            let shares = (batch + Self.images(largest) - 1) / Self.images(largest)
            let saving = saved - (shares - 1) * spent - 2 * copied * batch
            if shares > 1, saving > best.saving { best = (saving, position, shares) }
        }
        guard best.saving > 0 else { return nil }
        boundary = calls[...best.position]
            .filter { !$0.reads.isEmpty && lastReader[$0.node] > best.position }.map(\.node)
        images = (batch + best.shares - 1) / best.shares
    }

    private static func images(_ bytes: Int) -> Int { max(1, cache / bytes) }
}

/// A call that an execution makes: one of the network's, or several computed together.
struct ExecutedCall {
    /// The node whose value is computed.
    let node: Int
    /// The nodes that are read.
    let reads: [Int]
    /// The calls that are computed together, if they are.
    var fused: FusedCall?

    /// Whether products of the batch's rows are cut otherwise for fewer images, which can change their last digit.
    fileprivate func dependsOnBatch(_ batch: Int, in network: Network) -> Bool {
        let head = fused?.head ?? node
        switch network.layer(of: head).kind {
        case .dense, .transposedConvolution2D: return true
        case .convolution2D(let kind):
            let input = network.shapes[network.nodes[head].inputs[0]]
            return Convolution2DKernel(layer: kind).goesByTaps(input.batched(batch))
        default: return false
        }
    }

    fileprivate func weightBytes(in network: Network) -> Int {
        let weights = network.layer(of: fused?.head ?? node).weights
        return weights.reduce(0) { $0 + $1.count } * MemoryLayout<Float>.stride
    }
}
