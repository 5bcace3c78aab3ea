import Datasets
import Engine
import Graph
import Tensors

/// The channels of each group, and in layerwise order their cut, repair and training.
extension CompressionRun {
    /// One step that says what was chosen; in layerwise order the choice, each layer's fit, and the training.
    var stepsPerGroup: Int {
        switch context.plan.distillation.order {
        case .oneShot: 1
        case .layerwise: 1 + repairCalls.count + layerTrainingSteps
        }
    }

    private var layerBatches: Int {
        let settings = context.plan.distillation
        return Int((settings.layerEpochs * Double(batchesPerEpoch)).rounded(.up))
    }

    private var layerTrainingSteps: Int {
        (layerBatches + Self.batchesPerStep - 1) / Self.batchesPerStep
    }

    /// What the search chooses when so many units of a group go; nil where the group could not be measured.
    func selection(_ group: Int, removing removals: Int) -> Selection? {
        let key = Selection.Key(group: group, removals: removals)
        if let known = selections[key] { return known }
        guard let objective = objective(of: group) else { return nil }
        let selection = Selection(
            objective,
            removing: removals,
            magnitude: magnitudeChoice(groups[group], context.teacher, removing: removals),
            plan: context.plan,
            name: groups[group].name
        )
        selections[key] = selection
        return selection
    }

    func searchGroup() throws(CompressionError) -> String {
        let group = state.step / stepsPerGroup
        let position = state.step % stepsPerGroup
        let removals = groups[group].width - state.target[group]
        guard removals > 0 else { return "" }
        switch context.plan.distillation.order {
        case .oneShot:
            guard let objective = objective(of: group) else {
                // As in the candidate that was measured: without an objective no search finds one unit better than another.
                return "\(groups[group].name): not measured, keeps \(state.target[group])"
            }
            let removed = Set(0..<groups[group].width).subtracting(state.kept[group]).sorted()
            let found = isGenetic ? selection(group, removing: removals) : nil
            record(removed, found, objective, groups[group], context.teacher, at: group)
            return "\(groups[group].name): keeps \(state.target[group]) of \(groups[group].width)"
        case .layerwise: return try evolve(group, removing: removals, position)
        }
    }

    /// One step of a group's own cut, repair and training.
    private func evolve(
        _ group: Int,
        removing removals: Int,
        _ position: Int
    ) throws(CompressionError) -> String {
        let name = groups[group].name
        if position == 0 {
            try cutGroup(group, removing: removals)
            if repairCalls.isEmpty { finishGroupRepair() }
            return "\(name): keeps \(state.target[group]) of \(groups[group].width)"
        }
        if position <= repairCalls.count {
            let call = repairCalls[position - 1]
            guard var network = student, let reference = best else { return "" }
            let analysis = CouplingAnalysis(reference)
            let own = analysis.groups.firstIndex { $0.name == name }
            let units =
                own.map { analysis.units(keeping: state.kept[group], ofGroup: $0) }
                ?? analysis.wholeUnits
            student = nil
            fit(call, of: &network, reference: reference, analysis, units)
            student = network
            if position == repairCalls.count { finishGroupRepair() }
            return "\(name): repaired \(network.layer(of: call).name)"
        }
        return try trainAfterGroup(group, isFirst: position == repairCalls.count + 1)
    }

    /// Measures the group in the student as it is now, and cuts it.
    private func cutGroup(_ group: Int, removing removals: Int) throws(CompressionError) {
        guard let reference = student else { return }
        let analysis = CouplingAnalysis(reference)
        let name = groups[group].name
        guard let own = analysis.groups.firstIndex(where: { $0.name == name }) else { return }
        var floors = analysis.groups.map(\.width)
        floors[own] = state.target[group]
        let statistics = context.statistics(of: reference, floors: [floors[own]])
        var kept = Array(0..<state.target[group])
        let objective = statistics.measure(analysis.groups[own]).objective
        if let removed = try removed(
            removals,
            own: analysis.groups[own],
            objective,
            reference,
            group
        ) {
            kept = Set(0..<groups[group].width).subtracting(removed).sorted()
        }
        student = try reference.cut(
            to: analysis.units(keeping: kept, ofGroup: own),
            of: analysis
        )
        best = reference
        state.bestKept = state.kept
        state.kept[group] = kept
        compensation = nil
    }

    /// What goes of a group measured in the student as it is; methods that do not search chose on the teacher.
    private func removed(
        _ count: Int,
        own: CoupledGroup,
        _ objective: GroupObjective?,
        _ network: Network,
        _ group: Int
    ) throws(CompressionError) -> [Int]? {
        guard let objective else {
            if isGenetic { return nil }
            return try removed(count, of: group)
        }
        var found: Selection?
        if isGenetic {
            found = Selection(
                objective,
                removing: count,
                magnitude: magnitudeChoice(own, network, removing: count),
                plan: context.plan,
                name: groups[group].name
            )
        }
        let choice = found == nil ? try removed(count, of: group) : found?.removed
        if let choice { record(choice, found, objective, own, network, at: group) }
        return choice
    }

    /// Whether units are chosen by the genetic search.
    private var isGenetic: Bool { [.genetic, .conditional].contains(context.plan.method) }

    private func finishGroupRepair() {
        guard var network = student else { return }
        student = nil
        reestimate(&network)
        student = network
        best = nil
        state.bestKept = nil
        compensation = nil
    }

    private func trainAfterGroup(_ group: Int, isFirst: Bool) throws(CompressionError) -> String {
        guard let student else { return "" }
        if isFirst {
            state.training = TrainingPosition()
            state.optimizerSteps = 0
        }
        var training = distillation ?? makeDistillation(student, moments: [])
        distillation = nil
        let left = layerBatches - training.step
        try training.train(batchesOverEpochs: min(Self.batchesPerStep, left))
        state.training = training.position
        if training.step >= layerBatches {
            self.student = training.student
            state.training = TrainingPosition()
        } else {
            self.student = training.student
            distillation = training
        }
        return "\(groups[group].name): trained \(training.step) of \(layerBatches) batches"
    }

    /// What each way of choosing reaches, for the record.
    private func record(
        _ removed: [Int],
        _ selection: Selection?,
        _ objective: GroupObjective,
        _ group: CoupledGroup,
        _ network: Network,
        at index: Int
    ) {
        let centred = objective.centred
        let removals = removed.count
        let width = group.width
        let greedy = centred.greedyChoice(removals)
        let exact = ExactSearch.run(centred, from: greedy)
        var random = CounterRandom(seed: context.plan.seed, stage: "chance \(groups[index].name)")
        let chance = Array(random.permutation(width).prefix(removals))
        let magnitude = magnitudeChoice(group, network, removing: removals)
        state.searches[index] = SearchRecord(
            cut: centred.energy(removing: removed),
            genetic: selection?.genetic.energy,
            greedy: centred.energy(removing: greedy),
            diagonal: centred.energy(removing: centred.diagonalChoice(removals)),
            magnitude: centred.energy(removing: magnitude),
            random: centred.energy(removing: chance),
            optimum: exact.isProved ? exact.energy : nil,
            generations: selection?.genetic.generations ?? [],
            bound: exact.bound,
            surgeon: selection?.surgeon.map { centred.energy(removing: $0) },
            chosen: selection.map { $0.isSurgeons ? "surgeon" : "genetic" }
                ?? context.plan.method.rawValue
        )
        let folded = centred.energy(removing: removed)
        let fitted = objective.leastSquares?.energy(removing: removed)
        state.errors[index] = LayerErrorRecord(
            raw: objective.raw.energy(removing: removed),
            folded: folded,
            leastSquares: min(folded, fitted ?? folded),
            isLeastSquaresKnown: fitted != nil
        )
    }

    /// The units whose producers' filters have the smallest sum of magnitudes.
    private func magnitudeChoice(
        _ group: CoupledGroup,
        _ network: Network,
        removing count: Int
    ) -> [Int] {
        WeightScores(.magnitude, of: group, in: network).choice.removed(count)
    }
}
