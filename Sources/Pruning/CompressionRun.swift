import Datasets
import Engine
import Foundation
import Graph
import Tensors

/// The samples a compression works with.
public struct CompressionData: Sendable {
    /// For statistics and distillation.
    public var training: SampleSet
    /// Held out of training, for every decision.
    public var validation: SampleSet
    /// For the two figures at the end, looked at by no decision; nil where there are none.
    public var test: SampleSet?

    /// Makes the data of a compression.
    public init(training: SampleSet, validation: SampleSet, test: SampleSet?) {
        self.training = training
        self.validation = validation
        self.test = test
    }
}

/// What a compression ends with.
public struct CompressionOutcome: Sendable {
    /// The smaller network.
    public var student: Network
    /// Everything found out on the way.
    public var record: CompressionRecord
}

/// A compression as a sequence of small steps, each of which can be the last before a crash.
///
/// The caller owns the clock, the files and the signals: it calls ``advance()`` until there is nothing left to do and
/// stores ``checkpoint()`` whenever it likes; a run resumed from there gives the same bytes.
public final class CompressionRun {
    let context: CompressionContext
    var state: RunState
    var student: Network?
    var best: Network?
    var distillation: Distillation?
    /// Objectives and activations that a resumed run works out again.
    var objectives: [GroupObjective?] = []
    var scan: SensitivityScan?
    /// The result, once ``advance()`` has returned false.
    public private(set) var outcome: CompressionOutcome?
    private var message = ""

    /// Starts a compression.
    ///
    /// - Throws: ``CompressionError`` where the network, the samples and the budget do not go together.
    public init(
        teacher: Network,
        data: CompressionData,
        plan: CompressionPlan
    ) throws(CompressionError) {
        context = try CompressionContext(teacher: teacher, data: data, plan: plan)
        let groups = context.analysis.groups
        state = RunState(
            identity: context.identity,
            sensitivity: groups.map { _ in [] },
            searches: groups.map { _ in nil },
            errors: groups.map { _ in nil },
            kept: groups.map { Array(0..<$0.width) }
        )
    }

    /// Goes on where a checkpoint was taken; teacher, data and plan must be the ones it was taken with.
    public convenience init(
        teacher: Network,
        data: CompressionData,
        plan: CompressionPlan,
        resuming checkpoint: [UInt8]
    ) throws(CompressionError) {
        try self.init(teacher: teacher, data: data, plan: plan)
        try restore(checkpoint)
    }

    /// How far the run is.
    public var progress: CompressionProgress {
        CompressionProgress(
            stage: state.stage,
            step: state.step,
            steps: steps(of: state.stage),
            message: message
        )
    }

    /// The steps of a stage, as far as they are known before it begins.
    public func steps(of stage: Stage) -> Int {
        switch stage {
        case .baseline, .surgery, .verification, .delivery: 1
        case .sensitivity: context.scannedGroups.count * context.plan.sensitivity.fractions.count
        case .allocation: CandidateSource.allCases.count
        case .search: context.analysis.groups.count
        case .compensation:
            (context.plan.compensation.isEnabled ? compensation.consumers.count : 0) + 1
        case .distillation:
            context.plan.distillation.epochs * stepsPerEpoch
        }
    }

    /// Does the next step.
    ///
    /// - Returns: Whether there is more to do.
    /// - Throws: ``CompressionError``; the state stays as it was before the step.
    public func advance() throws(CompressionError) -> Bool {
        if state.step >= steps(of: state.stage) {
            guard let next = state.stage.next else { return false }
            state.stage = next
            state.step = 0
            // The last message still speaks of the stage that ended.
            return true
        }
        switch state.stage {
        case .baseline: message = try measureBaseline()
        case .sensitivity: message = try measureSensitivity()
        case .allocation: message = try tryCandidate()
        case .search: message = searchGroup()
        case .surgery: message = try performSurgery()
        case .compensation: message = compensate()
        case .distillation: message = try distil()
        case .verification: message = verify()
        case .delivery:
            outcome = try makeOutcome()
            state.step = 1
            return false
        }
        state.step += 1
        return true
    }

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
            let moments = distillation.optimizer.moments
            state.momentCounts = moments.map { $0.map(\.count) }
            tensors += moments.flatMap { $0.flatMap { $0.map(\.values) } }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        do {
            return RunArchive(state: try encoder.encode(state), tensors: tensors).bytes
        } catch {
            preconditionFailure("the state holds only finite numbers and text: \(error)")
        }
    }

    private func restore(_ checkpoint: [UInt8]) throws(CompressionError) {
        guard let archive = RunArchive(checkpoint) else {
            throw .checkpointMismatch(expected: "a run archive", found: "other bytes")
        }
        let restored: RunState
        do {
            restored = try JSONDecoder().decode(RunState.self, from: archive.state)
        } catch {
            throw .checkpointMismatch(
                expected: "format \(RunState.formatVersion)",
                found: "\(error)"
            )
        }
        guard restored.identity == state.identity, restored.version == state.version else {
            throw .checkpointMismatch(
                expected: "\(state.identity), format \(state.version)",
                found: "\(restored.identity), format \(restored.version)"
            )
        }
        state = restored
        var tensors = archive.tensors[...]
        if state.hasStudent { student = try filled(try cutTeacher(), from: &tensors) }
        if state.hasBest { best = try filled(try cutTeacher(), from: &tensors) }
        if state.stage == .distillation, let student, !state.momentCounts.isEmpty || state.step > 0
        {
            var moments: [[[Tensor]]] = []
            for (layer, counts) in state.momentCounts.enumerated() {
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
            distillation = makeDistillation(student, moments: moments)
        }
    }

    private func filled(
        _ network: Network,
        from tensors: inout ArraySlice<[Float]>
    ) throws(CompressionError) -> Network {
        var network = network
        for (layer, content) in network.layers.enumerated() {
            for (index, weight) in content.weights.enumerated() {
                guard let values = tensors.popFirst(), values.count == weight.count else {
                    throw .checkpointMismatch(
                        expected: "\(weight.count) values for \(content.name)",
                        found: "another number"
                    )
                }
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

extension Stage {
    /// The stage after this one.
    var next: Stage? {
        let all = Stage.allCases
        return all.firstIndex(of: self).flatMap { $0 + 1 < all.count ? all[$0 + 1] : nil }
    }
}
