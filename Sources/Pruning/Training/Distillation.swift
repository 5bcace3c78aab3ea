import Datasets
import Engine
import Graph
import Tensors

/// Where a training is: all it needs to go on, besides weights and moments.
struct TrainingPosition: Codable, Sendable {
    var epoch = 0
    var batch = 0
    var lossSum = 0.0
    var correct = 0
    var seen = 0
    var bestQuality: Quality?
}

/// Which training a batch belongs to: all epochs at the end, or the batches after one group.
struct TrainingPart: Sendable {
    /// The group's name, or nothing at the end; keys the random numbers.
    var name: String
    /// The batches of the whole part, over which the learning rate falls.
    var batches: Int
    /// Whether the learning rate stays where it is after its rise.
    var isConstant = false
}

/// Trains a student from its teacher, one batch at a time.
struct Distillation {
    let teacher: Network
    let head: ModelHead
    let samples: SampleSet
    let plan: CompressionPlan
    let part: TrainingPart
    private var answers: TeacherAnswers?
    private(set) var student: Network
    private(set) var optimizer: Optimizer
    var position: TrainingPosition
    /// What masks on units are worth in the batches trained on, where that is asked.
    var derivatives: MaskDerivatives?

    private var settings: DistillationSettings { plan.distillation }

    init(
        teacher: Network,
        student: Network,
        head: ModelHead,
        samples: SampleSet,
        plan: CompressionPlan,
        part: TrainingPart,
        position: TrainingPosition = TrainingPosition(),
        steps: Int = 0,
        moments: [[[Tensor]]] = []
    ) {
        self.teacher = teacher
        self.student = student
        self.head = head
        self.samples = samples
        self.plan = plan
        self.part = part
        self.position = position
        let rule: Optimizer.Rule =
            switch plan.distillation.optimizer {
            case .sgd: .momentum(plan.distillation.momentum, isNesterov: true)
            case .adam: .adam()
            }
        optimizer = Optimizer(
            rule,
            weightDecay: plan.distillation.weightDecay,
            steps: steps,
            moments: moments
        )
    }

    var batchesPerEpoch: Int { (samples.count + plan.batchSize - 1) / plan.batchSize }

    private var labels: [Int32]? {
        samples.classLabels(for: head, shape: teacher.shapes[head.output])
    }

    private var form: DistillationSettings.Form {
        switch settings.form {
        case .automatic: head.isSoftmax ? .soft : .output
        case .soft, .logit, .output: settings.form
        }
    }

    /// The node whose value the loss is taken of.
    private var node: Int { form == .output ? head.output : head.logits }

    private var augments: Bool {
        switch settings.augmentation {
        case .none: false
        case .cropAndFlip: samples.sampleShape.rank == 3
        case .automatic:
            samples.sampleShape.rank == 3 && samples.labels != nil
                && [1, 3].contains(samples.sampleShape.channels) && samples.sampleShape[0] >= 16
        }
    }

    /// Cuts units out of the student; the moments of what stays are kept.
    ///
    /// - Parameters:
    ///   - kept: The units that stay, of the student's own groups.
    ///   - analysis: Those groups.
    /// - Throws: ``CompressionError/surgery(_:)`` where what stays does not fit together.
    mutating func cut(
        _ kept: KeptUnits,
        of analysis: CouplingAnalysis
    ) throws(CompressionError) {
        let moments = try optimizer.moments.keeping(kept, of: analysis, in: student)
        student = try student.cut(to: kept, of: analysis)
        optimizer = Optimizer(
            optimizer.rule,
            weightDecay: optimizer.weightDecay,
            steps: optimizer.steps,
            moments: moments
        )
    }

    /// The batches trained on so far, over all epochs.
    var step: Int { position.epoch * batchesPerEpoch + position.batch }

    /// The learning rate of one batch, counted as ``step`` is.
    func learningRate(at step: Int) -> Double {
        var fall: LearningRateSchedule.Fall =
            switch settings.schedule {
            case .cosine: .cosine
            case .step: .step
            case .constant: .constant
            }
        if part.isConstant { fall = .constant }
        let schedule = LearningRateSchedule(
            peak: settings.learningRate,
            steps: part.batches,
            warmupSteps: Int(settings.warmup * Double(part.batches)),
            fall: fall
        )
        return schedule.rate(at: step)
    }

    /// Trains on so many batches, over the ends of epochs.
    mutating func train(batchesOverEpochs count: Int) throws(CompressionError) {
        let last = step + count
        while step < last {
            try train(batches: last - step)
            if position.batch == batchesPerEpoch {
                position = TrainingPosition(epoch: position.epoch + 1)
            }
        }
    }

    /// Trains on the next batches of this epoch, at most `limit` of them.
    mutating func train(batches limit: Int) throws(CompressionError) {
        var order = CounterRandom(
            seed: plan.seed,
            stage: "order\(part.name)",
            step: UInt64(position.epoch)
        )
        let permutation = order.permutation(samples.count)
        if !augments, answers == nil {
            answers = TeacherAnswers(teacher, at: node, samples: samples, batchSize: plan.batchSize)
        }
        let last = min(position.batch + limit, batchesPerEpoch)
        while position.batch < last {
            let first = position.batch * plan.batchSize
            let indices = Array(permutation[first..<min(first + plan.batchSize, samples.count)])
            try trainOnBatch(indices)
            position.batch += 1
        }
    }

    private mutating func trainOnBatch(_ indices: [Int]) throws(CompressionError) {
        let rate = learningRate(at: step)
        let stream = UInt64(step)
        var random = CounterRandom(seed: plan.seed, stage: "augmentation\(part.name)", step: stream)
        let augmentations =
            augments
            ? indices.map { _ in Augmentation.random(for: samples.sampleShape, using: &random) }
            : []
        let batch = samples.batch(indices, augmentations: augmentations)
        let own = labels.map { labels in indices.map { labels[$0] } }
        var pass = TrainingPass(
            student,
            inputs: [batch],
            reading: [node],
            random: CounterRandom(seed: plan.seed, stage: "noise\(part.name)", step: stream)
        )
        let answer = pass.values[node]
        guard
            let wanted = answers?.batch(indices)
                ?? Inference(teacher).values(of: [node], inputs: [batch])[node]
        else { return }
        let loss = loss(answer, teacher: wanted, labels: own)
        guard loss.value.isFinite else {
            throw .trainingDiverged(epoch: position.epoch, learningRate: rate)
        }
        let gradients: Gradients
        if var masks = derivatives {
            gradients = masks.add(&pass, [node: loss.gradient])
            derivatives = masks
        } else {
            gradients = pass.backward([node: loss.gradient])
        }
        student.updateMovingStatistics(from: pass)
        optimizer.step(&student, gradients: gradients, learningRate: rate)
        position.lossSum += loss.value * Double(indices.count)
        position.seen += indices.count
        if let own { position.correct += labelRanks(answer, labels: own).count { $0 == 0 } }
    }

    /// The loss of one batch (METHODS 1.7); without labels the teacher's part is all of it.
    private func loss(_ answer: Tensor, teacher: Tensor, labels: [Int32]?) -> LossValue {
        let soft: LossValue
        switch form {
        case .output: return Loss.meanSquaredError(answer, target: teacher)
        case .logit: soft = Loss.logits(student: answer, teacher: teacher)
        case .soft, .automatic:
            soft = Loss.softened(
                student: answer,
                teacher: teacher,
                temperature: settings.temperature
            )
        }
        guard let labels else { return soft }
        let hard = Loss.crossEntropy(
            logits: answer,
            labels: labels,
            smoothing: settings.labelSmoothing
        )
        let share = settings.teacherWeight
        var gradient = hard.gradient
        gradient.withUnsafeMutablePointer { values in
            for position in 0..<soft.gradient.count {
                values[position] =
                    Float(1 - share) * values[position]
                    + Float(share) * soft.gradient[position]
            }
        }
        return LossValue(
            value: (1 - share) * hard.value + share * soft.value,
            gradient: gradient
        )
    }
}
