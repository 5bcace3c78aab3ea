import Graph
import Tensors

/// A value that layers read a group's channels from, and which of its channels are whose.
struct ChannelRead: Hashable {
    /// The node whose output is read.
    let node: Int
    /// For each unit of the group, its channels in that output.
    let channels: [[Int]]

    /// All different values that a group is read from, in order of nodes.
    ///
    /// What is flattened before it is read counts as it was before, so that its maps have their height and width.
    static func all(of group: CoupledGroup, in network: Network) -> [ChannelRead] {
        let calls = network.calls
        var reads: Set<ChannelRead> = []
        for slice in group.consumerSlices {
            for call in calls[slice.place.layer] {
                reads.insert(ChannelRead(slice, of: network.nodes[call].inputs[0], in: network))
            }
        }
        return reads.sorted { ($0.node, $0.channels[0][0]) < ($1.node, $1.channels[0][0]) }
    }

    private init(_ slice: WeightSlice, of input: Int, in network: Network) {
        var node = input
        var channels = slice.positions
        while network.layer(of: node).kind.isReshaping {
            node = network.nodes[node].inputs[0]
            // Channels stay the fastest axis, or the coupling would have frozen them.
            let width = network.shapes[node].channels
            channels = channels.map { Set($0.map { $0 % width }).sorted() }
        }
        self.node = node
        self.channels = channels
    }
}

extension LayerKind {
    fileprivate var isReshaping: Bool {
        switch self {
        case .flatten, .reshape: true
        default: false
        }
    }
}
