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
            guard let objective = objective(of: group),
                let selection = selection(group, removing: removals)
            else {
                // As in the candidate that was measured: without an objective no unit is better than another.
                return "\(groups[group].name): not measured, keeps \(state.target[group])"
            }
            record(selection, objective, groups[group], context.teacher, at: group)
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
            var units = analysis.groups.map { Array(0..<$0.width) }
            if let own = analysis.groups.firstIndex(where: { $0.name == name }) {
                units[own] = state.kept[group]
            }
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
        if let objective = statistics.measure(analysis.groups[own]).objective {
            let selection = Selection(
                objective,
                removing: removals,
                magnitude: magnitudeChoice(analysis.groups[own], reference, removing: removals),
                plan: context.plan,
                name: name
            )
            record(selection, objective, analysis.groups[own], reference, at: group)
            kept = Set(0..<groups[group].width).subtracting(selection.removed).sorted()
        }
        var units = analysis.groups.map { Array(0..<$0.width) }
        units[own] = kept
        do {
            student = try reference.keeping(units, of: analysis)
        } catch {
            throw .surgery(error)
        }
        best = reference
        state.bestKept = state.kept
        state.kept[group] = kept
        compensation = nil
    }

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
        try training.train(batches: min(Self.batchesPerStep, left))
        if training.position.batch == training.batchesPerEpoch {
            training.position = TrainingPosition(epoch: training.position.epoch + 1)
        }
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
        _ selection: Selection,
        _ objective: GroupObjective,
        _ group: CoupledGroup,
        _ network: Network,
        at index: Int
    ) {
        let centred = objective.centred
        let removals = selection.removed.count
        let width = group.width
        let greedy = centred.greedyChoice(removals)
        let exact = ExactSearch.run(centred, from: greedy)
        var random = CounterRandom(seed: context.plan.seed, stage: "chance \(groups[index].name)")
        let chance = Array(random.permutation(width).prefix(removals))
        let magnitude = magnitudeChoice(group, network, removing: removals)
        state.searches[index] = SearchRecord(
            cut: centred.energy(removing: selection.removed),
            genetic: selection.genetic.energy,
            greedy: centred.energy(removing: greedy),
            diagonal: centred.energy(removing: centred.diagonalChoice(removals)),
            magnitude: centred.energy(removing: magnitude),
            random: centred.energy(removing: chance),
            optimum: exact.isProved ? exact.energy : nil,
            generations: selection.genetic.generations,
            bound: exact.bound,
            surgeon: selection.surgeon.map { centred.energy(removing: $0) },
            chosen: selection.isSurgeons ? "surgeon" : "genetic"
        )
        let folded = centred.energy(removing: selection.removed)
        let fitted = objective.leastSquares?.energy(removing: selection.removed)
        state.errors[index] = LayerErrorRecord(
            raw: objective.raw.energy(removing: selection.removed),
            folded: folded,
            leastSquares: min(folded, fitted ?? folded),
            isLeastSquaresKnown: fitted != nil
        )
    }

    /// The units whose producers' filters have the smallest sum of magnitudes.
    ///
    /// Source: Li et al. 2017, "Pruning Filters for Efficient ConvNets", arXiv:1608.08710, section 3.1.
    private func magnitudeChoice(
        _ group: CoupledGroup,
        _ network: Network,
        removing count: Int
    ) -> [Int] {
        var scores = [Double](repeating: 0, count: group.width)
        for slice in group.slices where slice.role == .producer {
            let weight = network.layers[slice.place.layer].weights[slice.place.weight]
            guard weight.shape.rank > 1 else { continue }
            for (unit, positions) in slice.positions.enumerated() {
                let own = weight.selecting(positions, axis: slice.place.axis)
                scores[unit] += own.values.reduce(0) { $0 + Double(abs($1)) }
            }
        }
        return (0..<group.width).sorted { (scores[$0], $0) < (scores[$1], $1) }
            .prefix(count).sorted()
    }
}
