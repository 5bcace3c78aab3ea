import Engine
import Foundation
import Graph
import Tensors

/// The run as bytes, and back.
extension CompressionRun {
    /// All that the next step depends on, as bytes.
    public func checkpoint() -> [UInt8] {
        var state = state
        var tensors: [[Float]] = []
        let current = distillation?.student ?? student
        for (network, isPresent) in [(current, \RunState.hasStudent), (best, \RunState.hasBest)] {
            state[keyPath: isPresent] = network != nil
            tensors += network?.layers.flatMap { $0.weights.map(\.values) } ?? []
        }
        if let distillation {
            state.training = distillation.position
            state.optimizerSteps = distillation.optimizer.steps
            state.momentCounts = distillation.optimizer.moments.map { $0.map(\.count) }
            tensors += distillation.optimizer.momentValues
        }
        state.gates = gates?.progress
        state.policy = policy?.progress
        tensors += (gates?.values ?? []) + (policy?.values ?? [])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        do {
            return RunArchive(state: try encoder.encode(state), tensors: tensors).bytes
        } catch {
            preconditionFailure("the state holds only finite numbers and text: \(error)")
        }
    }

    /// Which compression of a series a checkpoint was taken of.
    static func position(in checkpoint: [UInt8]) throws(CompressionError) -> Int {
        try state(in: checkpoint).state.position
    }

    private static func state(
        in checkpoint: [UInt8]
    ) throws(CompressionError) -> (state: RunState, tensors: [[Float]]) {
        guard let archive = RunArchive(checkpoint) else {
            throw .checkpointMismatch(expected: "a run archive", found: "other bytes")
        }
        do {
            let state = try JSONDecoder().decode(RunState.self, from: archive.state)
            return (state, archive.tensors)
        } catch {
            throw .checkpointMismatch(
                expected: "format \(RunState.formatVersion)",
                found: "\(error)"
            )
        }
    }

    func restore(_ checkpoint: [UInt8]) throws(CompressionError) {
        let (found, content) = try Self.state(in: checkpoint)
        guard found.identity == state.identity, found.version == state.version else {
            throw .checkpointMismatch(
                expected: "\(state.identity), format \(state.version)",
                found: "\(found.identity), format \(found.version)"
            )
        }
        state = found
        let counts = state.momentCounts
        state.momentCounts = []
        var tensors = content[...]
        if state.hasStudent { student = try filled(try cut(state.kept), from: &tensors) }
        if state.hasBest {
            best = try filled(try cut(state.bestKept ?? state.kept), from: &tensors)
        }
        if let student, !counts.isEmpty {
            let moments = try moments(counts, of: student, from: &tensors)
            distillation = makeDistillation(student, moments: moments)
        }
        if let progress = state.gates {
            gates = try makeGates()
            try gates?.restore(progress, from: &tensors)
        }
        if let progress = state.policy {
            policy = try makePolicy()
            try policy?.restore(progress, from: &tensors)
        }
        (state.gates, state.policy) = (nil, nil)
    }

    private func moments(
        _ momentCounts: [[Int]],
        of student: Network,
        from tensors: inout ArraySlice<[Float]>
    ) throws(CompressionError) -> [[[Tensor]]] {
        var moments: [[[Tensor]]] = []
        for (layer, counts) in momentCounts.enumerated() {
            moments.append([])
            for (weight, count) in counts.enumerated() {
                let shape = student.layers[layer].weights[weight].shape
                guard tensors.prefix(count).count == count,
                    tensors.prefix(count).allSatisfy({ $0.count == shape.count })
                else { throw .checkpointMismatch(expected: "moments", found: "fewer") }
                moments[layer].append(tensors.prefix(count).map { Tensor(shape, values: $0) })
                tensors = tensors.dropFirst(count)
            }
        }
        return moments
    }

    private func filled(
        _ network: Network,
        from tensors: inout ArraySlice<[Float]>
    ) throws(CompressionError) -> Network {
        var network = network
        for (layer, content) in network.layers.enumerated() {
            for (index, weight) in content.weights.enumerated() {
                let values = try tensors.take(weight.count, for: content.name)
                network.setWeight(
                    Tensor(weight.shape, values: values),
                    layer: layer,
                    index: index
                )
            }
        }
        return network
    }
}
