import Datasets
import Engine
import Graph
import Tensors

/// Surgery, repair, distillation, and the figures at the end.
extension CompressionRun {
    /// Batches of training between two chances to stop.
    static let batchesPerStep = 16

    var batchesPerEpoch: Int {
        (context.data.training.count + context.plan.batchSize - 1) / context.plan.batchSize
    }

    var stepsPerEpoch: Int { (batchesPerEpoch + Self.batchesPerStep - 1) / Self.batchesPerStep }

    func makeCompensation(
        reference: Network,
        _ analysis: CouplingAnalysis,
        _ kept: KeptUnits
    ) -> Compensation {
        Compensation(
            reference: reference,
            analysis: analysis,
            kept: kept,
            samples: context.calibration,
            batchSize: context.plan.batchSize,
            settings: context.plan.compensation
        )
    }

    /// Fits one node's layer and notes what came of it.
    func fit(
        _ call: Int,
        of network: inout Network,
        reference: Network,
        _ analysis: CouplingAnalysis,
        _ kept: KeptUnits
    ) {
        var repair = compensation ?? makeCompensation(reference: reference, analysis, kept)
        compensation = nil
        let outcome = repair.fit(call, of: &network)
        let name = network.layer(of: call).name
        if let residual = outcome.residual { state.repair.residuals[name] = residual }
        if let note = outcome.note { state.repair.notes[name] = note }
        compensation = repair
    }

    /// The quality of the cut alone; the student itself is repaired already.
    func performSurgery() throws(CompressionError) -> String {
        let quality = context.validation.quality(of: try cut(state.kept))
        state.pruned = quality
        return "pruned: \(quality.text)"
    }

    func finishCompensation() -> String {
        if context.plan.distillation.order == .layerwise, var network = student {
            student = nil
            _ = measureRepaired(&network)
            student = network
            state.chosen = state.repair
        }
        return state.chosen?.reestimated.map { "repaired: \($0.text)" } ?? ""
    }

    func makeDistillation(_ network: Network, moments: [[[Tensor]]]) -> Distillation {
        return Distillation(
            teacher: context.teacher,
            student: network,
            head: context.head,
            samples: context.data.training,
            plan: context.plan,
            part: trainingPart,
            position: state.training,
            steps: state.optimizerSteps,
            moments: moments
        )
    }

    /// What is trained for in this stage.
    private var trainingPart: TrainingPart {
        let settings = context.plan.distillation
        switch state.stage {
        case .allocation:
            let batches = removalSteps * context.plan.fisher.interval
            return TrainingPart(name: "removal", batches: batches, isConstant: true)
        case .distillation:
            return TrainingPart(name: "", batches: settings.epochs * batchesPerEpoch)
        case .baseline, .sensitivity, .search, .surgery, .compensation, .verification, .delivery:
            let batches = Int((settings.layerEpochs * Double(batchesPerEpoch)).rounded(.up))
            return TrainingPart(name: groups[state.step / stepsPerGroup].name, batches: batches)
        }
    }

    func distil() throws(CompressionError) -> String {
        guard let student else { return "" }
        if state.step == 0 {
            state.training = TrainingPosition()
            state.optimizerSteps = 0
        }
        let startsAnew = context.plan.method == .uniform && context.plan.uniform.start == .scratch
        let start =
            state.step == 0 && startsAnew ? student.reinitialized(seed: context.plan.seed) : student
        var training = distillation ?? makeDistillation(start, moments: [])
        if state.step == 0 {
            best = start
            training.position.bestQuality = startsAnew ? nil : state.chosen?.reestimated
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

    /// The only look at the test samples: the teacher's answers and the student's.
    func verify() -> String {
        if let best { student = best }
        distillation = nil
        guard let student else { return "" }
        // Without training the student is the repaired network, which has been measured.
        let known = context.plan.distillation.epochs == 0 ? state.chosen?.reestimated : nil
        let quality = known ?? context.validation.quality(of: student)
        state.distilled = quality
        state.teacherTest = state.teacherTest ?? testResult(of: context.teacher)
        state.studentTest = testResult(of: student)
        return "student: \(quality.text)"
    }
}
