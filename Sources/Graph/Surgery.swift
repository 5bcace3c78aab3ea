import Tensors

/// Which units of each group stay, one ascending list per group.
public typealias KeptUnits = [[Int]]

extension Network {
    /// Cuts out of every weight the slices of the units that do not stay.
    ///
    /// Keeping every unit gives the same network. The network computes what it would with the removed channels zeroed.
    ///
    /// - Parameters:
    ///   - kept: For each group of `analysis`, the units that stay, ascending, at least one.
    ///   - analysis: The groups of this network.
    /// - Returns: The smaller network.
    /// - Throws: ``GraphError`` if the cut network does not fit together, which would be an error of a coupling rule.
    public func keeping(
        _ kept: KeptUnits,
        of analysis: CouplingAnalysis
    ) throws(GraphError)
        -> Network
    {
        precondition(kept.count == analysis.groups.count, "one list per group")
        var removed: [WeightAxis: Set<Int>] = [:]
        for (group, staying) in zip(analysis.groups, kept) {
            precondition(!staying.isEmpty, "a group would lose all its channels")
            let going = Set(0..<group.width).subtracting(staying)
            for slice in group.slices {
                for unit in going {
                    removed[slice.place, default: []].formUnion(slice.positions[unit])
                }
            }
        }
        var layers = layers
        for (axis, positions) in removed where !positions.isEmpty {
            let weight = layers[axis.layer].weights[axis.weight]
            let staying = (0..<weight.shape[axis.axis]).filter { !positions.contains($0) }
            layers[axis.layer].weights[axis.weight] = weight.selecting(staying, axis: axis.axis)
        }
        let stays = kept.map(Set.init)
        for (index, calls) in calls.enumerated() {
            guard let call = calls.first else { continue }
            let channels = analysis.owners[call].count { owner in
                owner.map { stays[$0.group].contains($0.unit) } ?? true
            }
            layers[index].kind = layers[index].kind.resized(
                from: analysis.owners[call].count,
                to: channels
            )
        }
        return try Network(
            name: name,
            layers: layers,
            nodes: nodes,
            inputs: inputs,
            outputs: outputs
        )
    }
}
