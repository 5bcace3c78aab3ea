import Engine
import Foundation
import Graph
import Tensors
import Testing

/// The coupling rules held against random networks of every rule (METHODS 8.3): zeroing a unit and removing it are the
/// same, and not-a-number in a unit reaches the channels of that unit and no others.
///
/// `ESPALIER_GRAPHS=3000 swift test -c release --filter CouplingPropertyTests` draws more of them.
@Suite struct CouplingPropertyTests {
    static let count =
        ProcessInfo.processInfo.environment["ESPALIER_GRAPHS"].flatMap(Int.init) ?? 300
    /// Twenty-five seeds a test case, so that a report stays short and two cores are busy.
    static let parts: [Range<Int>] = stride(from: 0, to: count, by: 25).map {
        $0..<min($0 + 25, count)
    }

    @Test(
        "removing units gives what zeroing them gives, and costs what was predicted",
        arguments: parts
    )
    func removal(seeds: Range<Int>) throws {
        for seed in seeds {
            let drawn = try RandomNetwork(seed: UInt64(seed))
            let network = try drawn.network()
            let analysis = CouplingAnalysis(network)
            var random = CounterRandom(seed: UInt64(seed), stage: "removal")
            for kept in removals(from: analysis, using: &random) {
                try expectSame(network, analysis, kept, drawn, seed)
            }
        }
    }

    /// Single units of up to three groups, and a random cut through all groups at once.
    private func removals(
        from analysis: CouplingAnalysis,
        using random: inout CounterRandom
    ) -> [KeptUnits] {
        let whole = analysis.groups.map { Array(0..<$0.width) }
        let wide = whole.indices.filter { whole[$0].count > 1 }
        guard !wide.isEmpty else { return [] }
        var removals = wide.shuffled(using: &random).prefix(3).map { group in
            var kept = whole
            kept[group].remove(at: Int.random(in: 0..<whole[group].count, using: &random))
            return kept
        }
        removals.append(
            whole.map { units in
                let count = Int.random(in: 1...units.count, using: &random)
                return units.shuffled(using: &random).prefix(count).sorted()
            }
        )
        return removals
    }

    private func expectSame(
        _ network: Network,
        _ analysis: CouplingAnalysis,
        _ kept: KeptUnits,
        _ drawn: RandomNetwork,
        _ seed: Int
    ) throws {
        let cut = try network.keeping(kept, of: analysis)
        #expect(
            cut.cost
                == CostModel(network, groups: analysis.groups).cost(keeping: kept.map(\.count)),
            "seed \(seed)"
        )
        let batches = batches(for: network, seed: seed)
        let found = cut.predict(batches)
        // What reads a unit can always be silenced instead; what makes it only where zeros stay zeros.
        for isSilenced in drawn.keepsZeros ? [true, false] : [true] {
            let expected = zeroed(network, analysis, kept, readers: isSilenced).predict(batches)
            for (output, answer) in zip(found, expected) {
                let scale = answer.values.reduce(1) { max($0, abs($1)) }
                let difference = output.largestDifference(from: answer)
                #expect(
                    difference <= 1e-5 * scale,
                    "seed \(seed), \(isSilenced ? "readers" : "makers"): \(drawn.moves.map(\.rawValue))"
                )
            }
        }
    }

    /// Sets the slices of the units that go to zero: of those that read them, or of those that make and carry them.
    private func zeroed(
        _ network: Network,
        _ analysis: CouplingAnalysis,
        _ kept: KeptUnits,
        readers: Bool
    ) -> Network {
        var network = network
        for (group, staying) in zip(analysis.groups, kept) {
            let going = Set(0..<group.width).subtracting(staying)
            for slice in group.slices where (slice.role == .consumer) == readers {
                network.updateWeight(layer: slice.place.layer, index: slice.place.weight) {
                    fill(
                        &$0,
                        going.flatMap { slice.positions[$0] },
                        axis: slice.place.axis,
                        with: 0
                    )
                }
            }
        }
        return network
    }

    private func fill(_ weight: inout Tensor, _ positions: [Int], axis: Int, with value: Float) {
        let inner = weight.shape.dimensions[(axis + 1)...].reduce(1, *)
        let chosen = Set(positions)
        for position in 0..<weight.count
        where chosen.contains(position / inner % weight.shape[axis]) {
            weight[position] = value
        }
    }

    private func batches(for network: Network, seed: Int) -> [Tensor] {
        var random = CounterRandom(seed: UInt64(seed), stage: "batch")
        return network.inputs.map { input in
            let shape = Shape([2] + network.shapes[input].dimensions)
            return Tensor(shape, values: (0..<shape.count).map { _ in random.nextNormal() })
        }
    }

    @Test("not-a-number in a unit reaches that unit's channels and no others", arguments: parts)
    func probe(seeds: Range<Int>) throws {
        for seed in seeds {
            let drawn = try RandomNetwork(seed: UInt64(seed))
            let network = try transparent(drawn.network())
            let analysis = CouplingAnalysis(network)
            let batches = batches(for: network, seed: seed)
            let before = Inference(network).values(
                of: Array(network.nodes.indices),
                inputs: batches
            )
            for (index, group) in analysis.groups.enumerated() {
                let probe = Probe(
                    network: network,
                    analysis: analysis,
                    group: index,
                    before: before
                )
                let unit = seed % group.width
                for fault in probe.faults(ofUnit: unit, inputs: batches) {
                    Issue.record("seed \(seed), \(group.name) unit \(unit): \(fault)")
                }
            }
        }
    }

    /// The same couplings, with every function that could swallow not-a-number replaced by one that hands it on.
    private func transparent(_ network: Network) throws -> Network {
        var layers = network.layers
        for index in layers.indices {
            switch layers[index].kind {
            case .activation(let function) where function != .softmax:
                layers[index].kind = .activation(.linear)
            case .pooling2D(let pool):
                layers[index].kind = .pooling2D(Pooling2D(.average, window: pool.window))
            case .globalPooling2D(let pool):
                layers[index].kind = .globalPooling2D(
                    GlobalPooling2D(.average, keepsDimensions: pool.keepsDimensions)
                )
            case .merge(let merge) where [.maximum, .minimum].contains(merge.operation):
                layers[index].kind = .merge(Merge(.add))
            default: break
            }
        }
        return try Network(
            name: network.name,
            layers: layers,
            nodes: network.nodes,
            inputs: network.inputs,
            outputs: network.outputs
        )
    }

    @Test("every move is drawn")
    func everyMove() throws {
        var counts: [RandomMove: Int] = [:]
        for seed in 0..<300 {
            for move in try RandomNetwork(seed: UInt64(seed)).moves {
                counts[move, default: 0] += 1
            }
        }
        for move in RandomMove.allCases { #expect(counts[move, default: 0] >= 5, "\(move)") }
    }
}
