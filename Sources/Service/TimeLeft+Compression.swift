import Datasets
import Graph
import JobFiles
import Pruning

extension TimeLeft {
    /// The stages of a compression with the work of a step of each, in samples that go forward through the teacher.
    ///
    /// The factors were fitted to the processor time of each stage for three networks on CIFAR-10 and the example: with
    /// them what was told after a tenth of a job was within a quarter of the time it took.
    ///
    /// Students that are still to be made are one more stage at the end, each taken for as much work as the one at hand.
    init(
        _ series: CompressionSeries,
        teacher: Network,
        data: CompressionData,
        plan: CompressionPlan
    ) {
        let run = series.run
        let work = CompressionWork(run, teacher: teacher, data: data, plan: plan)
        let stages = Pruning.Stage.allCases.map { stage in
            let steps = run.steps(of: stage)
            return Stage(
                name: stage.rawValue,
                steps: steps,
                workPerStep: steps > 0 ? work.samples(of: stage) / Double(steps) : 0,
                openingWork: stage == .sensitivity && steps > 0 ? work.gathering : 0,
                fading: CompressionWork.fading(of: stage)
            )
        }
        let own = Pruning.Stage.allCases.filter { $0 != .baseline && $0 != .sensitivity }
        let others = Stage(
            name: "other students",
            steps: series.count - 1 - series.position,
            workPerStep: own.reduce(-work.preparation) { $0 + work.samples(of: $1) }
        )
        self.init(stages + [others])
    }
}

/// What the stages of one compression come to, in samples that go forward through the teacher.
private struct CompressionWork {
    /// The share of the teacher's work that is left in the student.
    private let share: Double
    private let training: Double
    private let heldOut: Double
    private let test: Double
    private let calibration: Double
    private let groups: Double
    private let candidates: Double
    private let points: Double
    private let pointSamples: Double
    private let learning: MethodPreparation
    private let plan: CompressionPlan

    /// Of a sensitivity point, what lies after the cut and is not known from the point before.
    private static let pointShare = 0.2
    /// Of the candidates, those that are not the same as an earlier one.
    private static let newCandidates = 0.8
    /// Samples over which a point estimates BatchNorm anew.
    private static let reestimated = 512.0

    init(_ run: CompressionRun, teacher: Network, data: CompressionData, plan: CompressionPlan) {
        self.plan = plan
        learning = run.preparation
        share =
            switch plan.budget.limit {
            case .fraction(let fraction) where plan.budget.unit != .accuracyDrop: fraction
            case .fraction, .count: 0.5
            }
        training = Double(data.training.count)
        heldOut = Double(data.validation.count)
        test = Double(data.test?.count ?? 0)
        calibration = min(Double(plan.compensation.images), training)
        groups = Double(run.prunableGroupCount)
        candidates = Self.newCandidates * Double(run.candidateCount)
        points = Double(run.steps(of: .sensitivity))
        let hasNormalization = teacher.layers.contains {
            if case .batchNormalization = $0.kind { true } else { false }
        }
        pointSamples =
            min(Double(plan.sensitivity.images), heldOut)
            + (hasNormalization ? min(Self.reestimated, calibration) : 0)
    }

    /// The sensitivity scan goes from front to back, so that less and less lies behind the cut; the later a candidate, the
    /// likelier it is the same as an earlier one.
    static func fading(of stage: Pruning.Stage) -> Double {
        switch stage {
        case .sensitivity: 2.5
        case .allocation: 1.6
        case .baseline, .search, .surgery, .compensation, .distillation, .verification, .delivery: 1
        }
    }

    /// Statistics of all layers: a forward pass, and about twice that for the moments of what the layers read.
    var gathering: Double { 3 * calibration }

    func samples(of stage: Pruning.Stage) -> Double {
        switch stage {
        case .baseline: heldOut
        case .sensitivity: Self.pointShare * points * pointSamples
        // Each candidate is walked beside the teacher, BatchNorm estimated anew, and both forms are evaluated.
        case .allocation: preparation + candidates * trial
        case .search: plan.distillation.order == .layerwise ? groups * layerwise : 0
        case .surgery: share * heldOut
        case .compensation, .delivery: 0
        case .distillation:
            Double(plan.distillation.epochs) * (trained(training, share: share) + share * heldOut)
        case .verification: share * heldOut + (1 + share) * test
        }
    }

    private var trial: Double { (1 + 2 * share) * calibration + 2 * share * heldOut }

    /// What a method learns first: an agent's trials, batches of gates, or of a network that loses its units.
    var preparation: Double {
        let batch = Double(plan.batchSize)
        switch learning {
        case .nothing: return 0
        case .trials(let count): return Double(count) * trial
        case .gates(let batches): return trained(Double(batches) * batch, share: 1)
        case .removals(let most):
            // About half of all units go before the budget is met.
            let batches = Double(most) / 2 * Double(plan.fisher.interval)
            return trained(batches * batch, share: (1 + share) / 2)
        }
    }

    /// One group of the layerwise order: its fit, and the training after it.
    private var layerwise: Double {
        calibration + trained(training * plan.distillation.layerEpochs, share: (1 + share) / 2)
    }

    /// The teacher forwards, the student forwards and backwards: three times its forward pass.
    private func trained(_ samples: Double, share: Double) -> Double { (1 + 3 * share) * samples }
}
