import Datasets
import Engine
import Graph
import Tensors

extension CompressionRun {
    /// Batches of training between two chances to stop.
    private static let batchesPerStep = 16

    var stepsPerEpoch: Int {
        let batches =
            (context.data.training.count + context.plan.batchSize - 1) / context.plan.batchSize
        return (batches + Self.batchesPerStep - 1) / Self.batchesPerStep
    }

    func cut(_ kept: KeptUnits) throws(CompressionError) -> Network {
        do {
            return try context.teacher.keeping(kept, of: context.analysis)
        } catch {
            throw .surgery(error)
        }
    }

    func cutTeacher() throws(CompressionError) -> Network { try cut(state.kept) }

    func compensation(for kept: KeptUnits) -> Compensation {
        Compensation(
            teacher: context.teacher,
            analysis: context.analysis,
            kept: kept,
            samples: context.calibration,
            batchSize: context.plan.batchSize,
            settings: context.plan.compensation
        )
    }

    var compensation: Compensation { compensation(for: state.kept) }

    func reestimate(_ network: inout Network) {
        let batches = context.calibrationBatches
        network.reestimateBatchNorm(over: batches.count) { ([batches[$0]], [:]) }
    }

    func performSurgery() throws(CompressionError) -> String {
        let network = try cutTeacher()
        let quality = context.validation.quality(of: network)
        state.pruned = quality
        student = network
        return "pruned: \(quality.text)"
    }

    func compensate() -> String {
        guard var network = student else { return "" }
        let consumers = context.plan.compensation.isEnabled ? compensation.consumers : []
        if state.step < consumers.count {
            let call = consumers[state.step]
            let residual = compensation.fit(call, of: &network)
            student = network
            let layer = network.nodes[call].layer
            record(residual, of: layer)
            return "repaired \(network.layers[layer].name)"
        }
        state.compensated = context.validation.quality(of: network)
        reestimate(&network)
        let quality = context.validation.quality(of: network)
        state.reestimated = quality
        student = network
        return "repaired: \(quality.text)"
    }

    /// The fit's residual goes to the groups whose first consumer the layer is.
    private func record(_ residual: Double?, of layer: Int) {
        guard let residual else { return }
        for (index, group) in context.analysis.groups.enumerated()
        where group.consumers.first == layer {
            state.errors[index]?.leastSquares = residual
        }
    }

    func makeDistillation(_ network: Network, moments: [[[Tensor]]]) -> Distillation {
        Distillation(
            teacher: context.teacher,
            student: network,
            head: context.head,
            samples: context.data.training,
            plan: context.plan,
            position: state.training,
            steps: state.optimizerSteps,
            moments: moments
        )
    }

    func distil() throws(CompressionError) -> String {
        guard let student else { return "" }
        var training = distillation ?? makeDistillation(student, moments: [])
        if state.step == 0 {
            best = student
            training.position.bestQuality = state.reestimated
        }
        // The copy in the property would make every weight update copy the network.
        distillation = nil
        try training.train(batches: Self.batchesPerStep)
        var message = "epoch \(training.position.epoch + 1)"
        if training.position.batch == training.batchesPerEpoch {
            message = finishEpoch(&training)
        }
        state.training = training.position
        distillation = training
        return message
    }

    private func finishEpoch(_ training: inout Distillation) -> String {
        let quality = context.validation.quality(of: training.student)
        let position = training.position
        let rate = training.learningRate(at: training.step - 1)
        let seen = Double(max(position.seen, 1))
        state.epochs.append(
            EpochRecord(
                epoch: position.epoch,
                loss: position.lossSum / seen,
                accuracy: quality.accuracy.map { _ in Double(position.correct) / seen },
                learningRate: rate,
                validation: quality
            )
        )
        var next = TrainingPosition()
        next.epoch = position.epoch + 1
        next.bestQuality = position.bestQuality
        if quality.isBetter(than: position.bestQuality) {
            next.bestQuality = quality
            best = training.student
        }
        training.position = next
        return "epoch \(position.epoch + 1): \(quality.text)"
    }

    func verify() -> String {
        if let best { student = best }
        distillation = nil
        guard let student else { return "" }
        let quality = context.validation.quality(of: student)
        state.distilled = quality
        state.studentTest = self.quality(onTest: student)
        return "student: \(quality.text)"
    }

    func makeOutcome() throws(CompressionError) -> CompressionOutcome {
        guard let student, let teacher = state.teacher, let pruned = state.pruned,
            let compensated = state.compensated, let reestimated = state.reestimated,
            let distilled = state.distilled
        else {
            throw .checkpointMismatch(expected: "all stages done", found: "a gap")
        }
        let record = CompressionRecord(
            teacher: teacher,
            teacherTest: state.teacherTest,
            teacherCost: context.teacher.cost,
            studentCost: student.cost,
            activationElements: [
                context.teacher.activationElements, student.activationElements,
            ],
            limit: context.allocator.limit,
            groups: context.analysis.groups.indices.map(groupRecord),
            frozen: CompressionContext.frozenReasons(context.teacher, context.analysis),
            candidates: state.candidates,
            pruned: pruned,
            compensated: compensated,
            reestimated: reestimated,
            distilled: distilled,
            studentTest: state.studentTest,
            epochs: state.epochs,
            scanWork: ["macs": state.scanMacs, "macs_without_cache": state.scanMacsWithoutCache]
        )
        return CompressionOutcome(student: student, record: record)
    }

    private func groupRecord(_ index: Int) -> GroupRecord {
        let group = context.analysis.groups[index]
        func names(_ layers: [Int]) -> [String] { layers.map { context.teacher.layers[$0].name } }
        return GroupRecord(
            name: group.name,
            producers: names(group.producers),
            consumers: names(group.consumers),
            width: group.width,
            kept: state.kept[index],
            note: context.isPrunable[index] ? nil : "a freeze pattern of the spec names it",
            sensitivity: state.sensitivity[index],
            search: state.searches[index],
            errors: state.errors[index]
        )
    }
}

extension Quality {
    /// More samples right, or as many right with a smaller loss; without labels a smaller loss.
    func isBetter(than other: Quality?) -> Bool {
        guard let other else { return true }
        if let own = accuracy, let theirs = other.accuracy, own != theirs { return own > theirs }
        return loss < other.loss
    }
}
