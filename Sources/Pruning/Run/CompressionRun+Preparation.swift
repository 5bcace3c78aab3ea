import Datasets
import Graph
import Tensors

/// What a method learns before it can share the budget out: the first steps of the allocation stage.
extension CompressionRun {
    /// What the method learns; nothing where an earlier compression of the series has done it.
    public var preparation: MethodPreparation {
        guard !state.isTaught else { return .nothing }
        if context.plan.removesInTraining { return .removals(atMost: removalSteps) }
        if context.plan.learnsPolicy {
            return .trials(policyBudgets.count + context.plan.conditional.agent.episodes)
        }
        guard context.plan.method == .uniform else { return .nothing }
        return .gates(batches: context.plan.uniform.gates.steps)
    }

    /// How many steps that takes.
    var preparationSteps: Int {
        switch preparation {
        case .nothing: 0
        case .trials(let count): count * stepsPerCandidate
        case .gates(let batches): (batches + Self.batchesPerStep - 1) / Self.batchesPerStep
        case .removals(let most): most
        }
    }

    func learn() throws(CompressionError) -> String {
        switch preparation {
        case .nothing: ""
        case .trials: try tryEpisode()
        case .gates: try trainGates()
        case .removals: try trainAndRemove()
        }
    }

    /// Trains gates on the teacher; the last step takes their scores.
    private func trainGates() throws(CompressionError) -> String {
        var training = try currentGates()
        gates = nil
        try training.train(steps: Self.batchesPerStep)
        let step = training.progress.step
        guard state.step + 1 == preparationSteps else {
            gates = training
            return "gates: batch \(step) of \(training.steps)"
        }
        let magnitudes = groups.map { WeightScores(.magnitude, of: $0, in: context.teacher).scores }
        state.gateScores = zip(training.scores(over: context.calibration), magnitudes)
            .map { $0 ?? $1 }
        return "gates: trained on \(step) batches"
    }

    private func currentGates() throws(CompressionError) -> GateTraining {
        if let gates { return gates }
        return try makeGates()
    }

    func makeGates() throws(CompressionError) -> GateTraining {
        var settings = context.plan.uniform.gates
        settings.batchSize = context.plan.batchSize
        return try GateTraining(
            teacher: context.teacher,
            analysis: context.analysis,
            groups: context.scannedGroups,
            samples: context.data.training,
            settings: settings,
            seed: context.plan.seed
        )
    }
}

/// Units go one by one while the network trains.
extension CompressionRun {
    /// As many as there are units above the floors: those after the budget is met do nothing.
    var removalSteps: Int {
        zip(groups, context.floors).reduce(0) { $0 + $1.0.width - $1.1 }
    }

    private var isWithinLimit: Bool {
        context.count(state.kept.map(\.count), state.latency) <= context.limit(state.latency)
    }

    /// Trains on some batches, then takes away the unit whose information is smallest for what it costs.
    private func trainAndRemove() throws(CompressionError) -> String {
        if state.step == 0 { student = context.teacher }
        guard let student, !isWithinLimit else { return "within the budget" }
        var training = distillation ?? makeDistillation(student, moments: [])
        distillation = nil
        self.student = nil
        let analysis = CouplingAnalysis(training.student)
        let sums = try train(&training, scoring: analysis.groups)
        guard let (own, unit) = leastWorth(sums, analysis) else {
            self.student = training.student
            return "nothing more can go"
        }
        let units = analysis.units(
            keeping: (0..<analysis.groups[own].width).filter { $0 != unit },
            ofGroup: own
        )
        try training.cut(units, of: analysis)
        let name = analysis.groups[own].name
        if let group = groups.firstIndex(where: { $0.name == name }) {
            state.kept[group].remove(at: unit)
        }
        state.training = training.position
        self.student = training.student
        distillation = training
        let cost = context.count(state.kept.map(\.count), state.latency)
        return "\(name): a unit less, \(cost) left of \(context.plan.budget.unit.rawValue)"
    }

    /// Trains on some batches, and adds up what masks are worth in them.
    ///
    /// Without labels a student that is still the teacher has nothing to learn from it: its own answers are drawn instead.
    private func train(
        _ training: inout Distillation,
        scoring groups: [CoupledGroup]
    ) throws(CompressionError) -> [[Double]] {
        let interval = context.plan.fisher.interval
        let hasLabels = context.data.training.labels != nil && context.head.classes > 1
        guard hasLabels, context.plan.fisher.usesLabels else {
            try training.train(batchesOverEpochs: interval)
            let count = min(interval * context.plan.batchSize, context.calibration.count)
            let samples = context.calibration.choosing(Array(0..<count))
            return try gradientEvidence(of: groups, in: training.student, over: samples).fisher
        }
        training.derivatives = MaskDerivatives(network: training.student, groups: groups)
        try training.train(batchesOverEpochs: interval)
        defer { training.derivatives = nil }
        return training.derivatives?.fisher ?? []
    }

    /// The group of the student and the unit that are worth least for what they cost.
    private func leastWorth(
        _ sums: [[Double]],
        _ analysis: CouplingAnalysis
    ) -> (group: Int, unit: Int)? {
        let costs = UnitCost(
            context.plan.fisher.normalisation,
            network: context.teacher,
            groups: groups
        ).perUnit(keeping: state.kept.map(\.count))
        var least: (group: Int, unit: Int, worth: Double)?
        for (own, scores) in sums.enumerated() {
            let name = analysis.groups[own].name
            guard let group = groups.firstIndex(where: { $0.name == name }),
                state.kept[group].count > context.floors[group]
            else { continue }
            for (unit, score) in scores.enumerated() {
                let worth = score / costs[group]
                if worth < least?.worth ?? .infinity { least = (own, unit, worth) }
            }
        }
        return least.map { ($0.group, $0.unit) }
    }
}
