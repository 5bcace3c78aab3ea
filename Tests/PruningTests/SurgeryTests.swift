import Datasets
import Engine
import Graph
import Tensors
import Testing

/// The coupling rules by what they must come to (METHODS 8.3): zeroing a unit and removing it are the same, and a change
/// of a unit reaches the places its group names and no others.
@Suite struct SurgeryTests {
    enum Case: String, CaseIterable {
        case identity, projection, concatenation, squeezeDense, squeezeConvolution, depthwise
        case flatten, shared, several, transposed
    }

    private func network(_ which: Case) throws -> Network {
        var builder = NetworkBuilder(seed: 31, input: [8, 8, 3])
        let stem = builder.relu("stem_relu", builder.convolution("stem", 0, 6, usesBias: true))
        var node = stem
        switch which {
        case .identity: node = residual(&builder, stem, projects: false)
        case .projection: node = residual(&builder, stem, projects: true)
        case .concatenation:
            let parts = (0..<3).map { builder.convolution("part\($0)", stem, 3 + $0) }
            node = builder.add(
                "join",
                .concatenate(Concatenate()),
                reading: [parts[0], parts[1], parts[2]],
                channels: 12
            )
            node = builder.normalization("bn", node)
        case .squeezeDense: node = squeezed(&builder, stem, byDense: true)
        case .squeezeConvolution: node = squeezed(&builder, stem, byDense: false)
        case .depthwise:
            node = builder.depthwise("depthwise", stem, multiplier: 2)
            node = builder.relu("depth_relu", node)
        case .flatten:
            node = builder.add("flat", .flatten(Flatten()), reading: [stem], channels: 384)
            node = builder.dense("wide", node, 384, 7)
            node = builder.dense("head", node, 7, 4)
            return try builder.network(output: node)
        case .transposed: node = builder.transposed("wider", stem, 5)
        case .shared:
            node = builder.call("shared", reading: [builder.convolution("shared", stem, 6)])
        case .several:
            let left = builder.convolution("left", stem, 4)
            let right = builder.convolution("right", stem, 4, size: 1)
            node = builder.add("sum", .merge(Merge(.add)), reading: [left, right])
        }
        node = builder.convolution("last", node, 5)
        node = builder.add("pool", .globalPooling2D(GlobalPooling2D(.average)), reading: [node])
        node = builder.dense("head", node, 5, 4)
        return try builder.network(output: node)
    }

    private func squeezed(_ builder: inout NetworkBuilder, _ stem: Int, byDense: Bool) -> Int {
        var gate = stem
        if byDense {
            gate = builder.add("gap", .globalPooling2D(GlobalPooling2D(.average)), reading: [gate])
            gate = builder.relu("squeeze_relu", builder.dense("squeeze", gate, 6, 3))
            gate = builder.dense("excite", gate, 3, 6)
            gate = builder.add("wide", .reshape(Reshape(target: [1, 1, 6])), reading: [gate])
        } else {
            gate = builder.relu("squeeze_relu", builder.convolution("squeeze", gate, 3, size: 1))
            gate = builder.convolution("excite", gate, 6, size: 1)
        }
        gate = builder.add("gate", .activation(.sigmoid), reading: [gate])
        return builder.add("scale", .merge(Merge(.multiply)), reading: [stem, gate])
    }

    private func residual(_ builder: inout NetworkBuilder, _ start: Int, projects: Bool) -> Int {
        var branch = builder.convolution("first", start, 5, stride: projects ? 2 : 1)
        branch = builder.relu("first_relu", builder.normalization("first_bn", branch))
        branch = builder.convolution("second", branch, 6)
        let other =
            projects
            ? builder.convolution("projection", start, 6, size: 1, stride: 2) : start
        return builder.add("sum", .merge(Merge(.add)), reading: [branch, other])
    }

    /// Sets what makes and carries one unit to zero; what reads it stays.
    private func zeroed(_ network: Network, _ group: CoupledGroup, unit: Int) -> Network {
        var network = network
        for slice in group.slices where slice.role != .consumer {
            network.updateWeight(layer: slice.place.layer, index: slice.place.weight) {
                CompressionRunTests.zero(&$0, slice.positions[unit], axis: slice.place.axis)
            }
        }
        return network
    }

    @Test("removing a unit gives what zeroing it gives", arguments: Case.allCases)
    func zero(which: Case) throws {
        let network = try network(which)
        try expectRemovalIsZeroing(of: network)
    }

    private func expectRemovalIsZeroing(of network: Network) throws {
        let analysis = CouplingAnalysis(network)
        #expect(!analysis.groups.isEmpty)
        let batch = TestData.samples(3, [8, 8, 3]).batch([0, 1, 2])
        for (index, group) in analysis.groups.enumerated() where group.width > 1 {
            for unit in [0, group.width - 1] {
                var kept = analysis.groups.map { Array(0..<$0.width) }
                kept[index].remove(at: unit)
                let cut = try network.keeping(kept, of: analysis)
                let expected = zeroed(network, group, unit: unit).predict([batch])[0]
                let scale = expected.values.reduce(1) { max($0, abs($1)) }
                let found = cut.predict([batch])[0]
                #expect(
                    found.largestDifference(from: expected) <= 1e-5 * scale,
                    "\(group.name), unit \(unit)"
                )
                let predicted = CostModel(network, groups: analysis.groups)
                    .cost(keeping: kept.map(\.count))
                #expect(cut.cost == predicted)
            }
        }
    }

    @Test(
        "a change of a unit reaches what its group says reads it, and nothing else",
        arguments: Case.allCases
    )
    func probe(which: Case) throws {
        let network = try network(which)
        // A layer that is called twice reads what it made: its second call spreads the change.
        guard which != .shared else { return }
        let analysis = CouplingAnalysis(network)
        let batch = TestData.samples(2, [8, 8, 3], seed: 9).batch([0, 1])
        let before = Inference(network).values(
            of: Array(network.nodes.indices),
            inputs: [batch]
        )
        for group in analysis.groups {
            let unit = group.width / 2
            var changed = network
            for slice in group.slices where slice.role == .producer {
                changed.updateWeight(layer: slice.place.layer, index: slice.place.weight) {
                    double(&$0, slice.positions[unit], axis: slice.place.axis)
                }
            }
            let after = values(of: changed, group, batch, before)
            for node in network.nodes.indices where !isProducer(node, network, group) {
                let reached = channels(of: after[node], differingFrom: before[node])
                let owned = analysis.owners[node].indices.filter {
                    analysis.owners[node][$0].map {
                        analysis.groups[$0.group].name == group.name && $0.unit == unit
                    } ?? false
                }
                #expect(
                    Set(reached).isSubset(of: owned),
                    "\(group.name) reaches \(network.layer(of: node).name)"
                )
            }
        }
    }

    /// The values of all nodes, where what sums over the group's channels answers as before: it would spread the change.
    private func values(
        of changed: Network,
        _ group: CoupledGroup,
        _ batch: Tensor,
        _ before: [Int: Tensor]
    ) -> [Int: Tensor] {
        var after: [Int: Tensor] = [:]
        for node in changed.nodes.indices {
            let inputs = changed.nodes[node].inputs
            let own = Inference(changed).values(
                of: [node],
                inputs: inputs.isEmpty ? [batch] : [],
                known: after.filter { inputs.contains($0.key) }
            )[node]
            let isReader = group.consumers.contains(changed.nodes[node].layer)
            after[node] = isReader && !isProducer(node, changed, group) ? before[node] : own
        }
        return after
    }

    private func isProducer(_ node: Int, _ network: Network, _ group: CoupledGroup) -> Bool {
        group.producers.contains(network.nodes[node].layer)
    }

    private func double(_ weight: inout Tensor, _ positions: [Int], axis: Int) {
        let inner = weight.shape.dimensions[(axis + 1)...].reduce(1, *)
        for position in 0..<weight.count
        where positions.contains(position / inner % weight.shape[axis]) {
            weight[position] = 2 * weight[position] + 1
        }
    }

    private func channels(of value: Tensor?, differingFrom other: Tensor?) -> [Int] {
        guard let value, let other else { return [] }
        let width = value.shape.channels
        return (0..<width).filter { channel in
            stride(from: channel, to: value.count, by: width).contains { value[$0] != other[$0] }
        }
    }
}
