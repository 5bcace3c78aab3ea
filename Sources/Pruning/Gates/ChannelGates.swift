import Datasets
import Engine
import Graph
import Tensors

/// A value of one number from 0 to 1 per channel and sample, by which the channels of an image are multiplied.
struct ChannelGate: Sendable, Hashable {
    /// The node of the value, [C] or [1, 1, C] per sample.
    var node: Int
    /// For each channel, the unit that it belongs to.
    var owners: [UnitReference?]
}

/// All gates of a network, and what they say of its groups.
struct ChannelGates: Sendable {
    let network: Network
    let gates: [ChannelGate]

    /// For each group, the mean gate of each unit over samples, channels and gates; nil where a unit has no gate.
    ///
    /// - Parameters:
    ///   - widths: The widths of the groups.
    ///   - samples: What the network is shown.
    ///   - batchSize: Samples at a time.
    /// - Returns: One number from 0 to 1 per unit.
    func meanGates(widths: [Int], samples: SampleSet, batchSize: Int) -> [[Double]?] {
        var sums = widths.map { [Double](repeating: 0, count: $0) }
        var counts = widths.map { [Int](repeating: 0, count: $0) }
        let inference = Inference(network)
        let nodes = gates.map(\.node)
        let batches = gates.isEmpty ? [] : chunks(of: batchSize, covering: samples.count)
        for range in batches {
            let values = inference.values(of: nodes, inputs: [samples.batch(Array(range))])
            for gate in gates {
                guard let value = values[gate.node] else { continue }
                for position in 0..<value.count {
                    guard let owner = gate.owners[position % gate.owners.count] else { continue }
                    sums[owner.group][owner.unit] += Double(value[position])
                    counts[owner.group][owner.unit] += 1
                }
            }
        }
        return zip(sums, counts).map { sums, counts in
            counts.contains(0) ? nil : zip(sums, counts).map { $0 / Double($1) }
        }
    }

    /// The groups every unit of which has a gate.
    func coveredGroups(widths: [Int]) -> Set<Int> {
        var units = widths.map { _ in Set<Int>() }
        for owner in gates.flatMap(\.owners).compactMap({ $0 }) {
            units[owner.group].insert(owner.unit)
        }
        return Set(widths.indices.filter { units[$0].count == widths[$0] })
    }
}

extension ChannelGates {
    /// The squeeze-and-excitation gates a network has already: sigmoids [1, 1, C] by which an image is multiplied.
    init(existingIn network: Network, _ analysis: CouplingAnalysis) {
        self.network = network
        gates = network.nodes.indices.compactMap { index in
            guard case .merge(let merge) = network.layer(of: index).kind,
                merge.operation == .multiply, network.nodes[index].inputs.count == 2
            else { return nil }
            let isGate = network.nodes[index].inputs.map { Self.isGate($0, in: network) }
            guard isGate[0] != isGate[1] else { return nil }
            return ChannelGate(
                node: network.nodes[index].inputs[isGate[0] ? 0 : 1],
                owners: analysis.owners[index]
            )
        }
    }

    /// Whether a value is a sigmoid of one number per channel, reshaped or not.
    private static func isGate(_ node: Int, in network: Network) -> Bool {
        let shape = network.shapes[node]
        guard shape.rank == 3, shape[0] == 1, shape[1] == 1 else { return false }
        var source = node
        while case .reshape = network.layer(of: source).kind {
            source = network.nodes[source].inputs[0]
        }
        switch network.layer(of: source).kind {
        case .activation(.sigmoid), .activation(.hardSigmoid): return true
        default: return false
        }
    }
}
