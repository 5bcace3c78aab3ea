import Engine
import Graph
import Tensors

/// Follows not-a-number from what makes a unit to what reads it, node by node.
///
/// Source: Xie et al. 2021, "Pruning with Compensation", arXiv:2108.13728, code: masks are found by not-a-number.
struct Probe {
    let network: Network
    let analysis: CouplingAnalysis
    let group: Int
    /// The values of all nodes without the fault.
    let before: [Int: Tensor]

    private var coupled: CoupledGroup { analysis.groups[group] }

    /// Where the spread differs from what the group says; nothing where the coupling is right.
    func faults(ofUnit unit: Int, inputs: [Tensor]) -> [String] {
        let spoilt = spoilt(unit)
        let readers = Set(coupled.consumers)
        var values: [Int: Tensor] = [:]
        var faults: [String] = []
        for node in network.nodes.indices {
            let call = network.nodes[node]
            var known = values.filter { call.inputs.contains($0.key) }
            if readers.contains(call.layer) {
                faults += readingFaults(at: node, unit: unit, values: known)
                // A sum over channels would spread the fault to everything behind it.
                for input in call.inputs where !spoiltChannels(known[input]).isEmpty {
                    known[input] = before[input]
                }
            }
            values[node] = Inference(spoilt).values(of: [node], inputs: inputs, known: known)[node]
            let reached = spoiltChannels(values[node])
            let owned = channels(of: node, unit: unit)
            // Flattened pixels may lie in a border of zeros; whole images may not.
            let isComplete =
                network.shapes[node].rank == 3 ? reached == owned : reached.isEmpty == owned.isEmpty
            if !isComplete || !reached.isSubset(of: owned) {
                let name = network.layer(of: node).name
                faults.append("\(name) has \(reached.sorted()), expected \(owned.sorted())")
            }
        }
        return faults
    }

    /// A reader's slice must name exactly the channels of its input that are spoilt.
    private func readingFaults(at node: Int, unit: Int, values: [Int: Tensor]) -> [String] {
        let layer = network.nodes[node].layer
        return coupled.consumerSlices.filter { $0.place.layer == layer }.compactMap { slice in
            let reached = network.nodes[node].inputs.map { spoiltChannels(values[$0]) }
                .reduce(into: Set<Int>()) { $0.formUnion($1) }
            let named = Set(slice.positions[unit])
            let isRight =
                network.inputShapes(of: node)[0].rank == 3
                ? reached == named : reached.isSubset(of: named)
            return isRight
                ? nil
                : "\(network.layers[layer].name) reads \(reached.sorted()), not \(named.sorted())"
        }
    }

    /// The network whose unit is not a number wherever it is made.
    private func spoilt(_ unit: Int) -> Network {
        var changed = network
        for slice in coupled.slices where slice.role == .producer {
            changed.updateWeight(layer: slice.place.layer, index: slice.place.weight) { weight in
                let inner = weight.shape.dimensions[(slice.place.axis + 1)...].reduce(1, *)
                for position in 0..<weight.count
                where slice.positions[unit].contains(
                    position / inner % weight.shape[slice.place.axis]
                ) {
                    weight[position] = .nan
                }
            }
        }
        return changed
    }

    private func channels(of node: Int, unit: Int) -> Set<Int> {
        Set(
            analysis.owners[node].indices.filter { channel in
                analysis.owners[node][channel].map { $0.group == group && $0.unit == unit } ?? false
            }
        )
    }

    private func spoiltChannels(_ value: Tensor?) -> Set<Int> {
        guard let value else { return [] }
        let width = value.shape.channels
        var found: Set<Int> = []
        for position in 0..<value.count where value[position].isNaN {
            found.insert(position % width)
        }
        return found
    }
}
