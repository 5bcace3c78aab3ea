import Datasets
import Engine
import Graph
import Tensors

/// Where a candidate allocation comes from.
enum CandidateSource: String, CaseIterable {
    /// The same share of every group.
    case uniform
    /// Down the measured sensitivity curves.
    case sensitivity
    /// Down the curves of layer-wise reconstruction error.
    case reconstruction
}

extension CompressionRun {
    private var groups: [CoupledGroup] { context.analysis.groups }

    /// Layer-wise objectives of all groups, gathered once per process: a resumed run gets the same bytes again.
    func gatherObjectives() {
        guard objectives.isEmpty else { return }
        let statistics = context.statistics
        objectives = groups.indices.map {
            context.isPrunable[$0] ? statistics.objective(of: groups[$0]) : nil
        }
    }

    func measureBaseline() throws(CompressionError) -> String {
        let baseline = context.validation.quality(of: context.teacher)
        guard baseline.loss.isFinite else {
            throw .teacherNotFinite(layer: context.teacher.layer(of: context.head.output).name)
        }
        state.teacher = baseline
        state.teacherTest = quality(onTest: context.teacher)
        return "teacher: \(baseline.text)"
    }

    func quality(onTest network: Network) -> Quality? {
        guard let test = context.data.test else { return nil }
        return Evaluation(
            samples: test,
            teacher: context.teacher,
            head: context.head,
            batchSize: context.plan.batchSize
        ).quality(of: network)
    }

    func measureSensitivity() throws(CompressionError) -> String {
        gatherObjectives()
        let fractions = context.plan.sensitivity.fractions
        let group = context.scannedGroups[state.step / fractions.count]
        let fraction = fractions[state.step % fractions.count]
        if scan?.group != group { scan = SensitivityScan(group: group, context: context) }
        guard let scan else { return "" }
        let width = groups[group].width
        let removals = min(width - 1, Int((fraction * Double(width)).rounded()))
        let order = objectives[group]?.centred.greedyOrder() ?? Array(0..<width)
        let kept = Set(0..<width).subtracting(order.prefix(removals)).sorted()
        let quality = try scan.quality(keeping: kept, context: context)
        state.sensitivity[group].append(
            SensitivityPoint(fraction: fraction, kept: kept.count, quality: quality)
        )
        let macs = scan.macs(context: context)
        let samples = context.scanned.samples.count + context.calibration.count
        let prefix = state.step % fractions.count == 0 ? macs.whole - macs.changed : 0
        state.scanMacs += (macs.changed + prefix) * samples
        state.scanMacsWithoutCache += macs.whole * samples
        return "\(groups[group].name) without \(removals) of \(width): \(quality.text)"
    }

    private var sensitivityCurves: [RemovalCurve] {
        let base = state.teacher?.loss ?? 0
        return groups.indices.map { group in
            RemovalCurve(
                state.sensitivity[group].map { point in
                    let share = 1 - Double(point.kept) / Double(groups[group].width)
                    return (share, max(0, point.quality.loss - base))
                }
            )
        }
    }

    private var reconstructionCurves: [RemovalCurve] {
        groups.indices.map { group in
            guard let objective = objectives[group]?.centred else { return RemovalCurve([(1, 1)]) }
            let order = objective.greedyOrder()
            let steps = stride(from: 1, to: order.count, by: max(1, order.count / 32))
            return RemovalCurve(
                steps.map { count in
                    let energy = objective.energy(removing: Array(order.prefix(count)))
                    return (Double(count) / Double(order.count), energy)
                }
            )
        }
    }

    func tryCandidate() throws(CompressionError) -> String {
        gatherObjectives()
        let source = CandidateSource.allCases[state.step]
        let allocation: Allocation
        switch source {
        case .uniform: allocation = context.allocator.uniform()
        case .sensitivity:
            allocation = context.allocator.descending(
                along: sensitivityCurves,
                name: source.rawValue
            )
        case .reconstruction:
            allocation = context.allocator.descending(
                along: reconstructionCurves,
                name: source.rawValue
            )
        }
        let kept = groups.indices.map { group in
            let removals = groups[group].width - allocation.kept[group]
            guard removals > 0, let objective = objectives[group]?.centred else {
                return Array(0..<allocation.kept[group])
            }
            let removed = objective.swapped(Array(objective.greedyOrder().prefix(removals)))
            return Set(0..<groups[group].width).subtracting(removed).sorted()
        }
        var network = try cut(kept)
        if context.plan.compensation.isEnabled {
            let compensation = compensation(for: kept)
            for call in compensation.consumers { _ = compensation.fit(call, of: &network) }
        }
        reestimate(&network)
        let quality = context.validation.quality(of: network)
        state.candidates.append(
            CandidateRecord(
                name: allocation.name,
                kept: allocation.kept,
                cost: context.model.cost(keeping: allocation.kept),
                quality: quality
            )
        )
        if state.candidates.count == CandidateSource.allCases.count { chooseCandidate() }
        return "\(allocation.name): \(quality.text)"
    }

    /// Puts the candidate with the smallest loss first; of equals the earlier one.
    ///
    /// Candidates over the budget do not count.
    private func chooseCandidate() {
        let limit = context.allocator.limit
        func isWithin(_ candidate: CandidateRecord) -> Bool {
            context.allocator.count(candidate.kept) <= limit
        }
        state.candidates = state.candidates.enumerated().sorted { left, right in
            let (first, second) = (isWithin(left.element), isWithin(right.element))
            if first != second { return first }
            return (left.element.quality.loss, left.offset)
                < (right.element.quality.loss, right.offset)
        }.map(\.element)
    }

    func searchGroup() -> String {
        gatherObjectives()
        let group = state.step
        let width = groups[group].width
        let removals = width - state.candidates[0].kept[group]
        guard removals > 0 else { return "" }
        guard let objective = objectives[group] else {
            // As in the candidate that was measured: without an objective no unit is better than another.
            state.kept[group] = Array(0..<width - removals)
            return "\(groups[group].name): not measured, keeps \(width - removals) of \(width)"
        }
        let centred = objective.centred
        let greedy = Array(centred.greedyOrder().prefix(removals))
        let polished = centred.swapped(greedy)
        let diagonal = centred.diagonalChoice(removals)
        let magnitude = magnitudeChoice(groups[group], removing: removals)
        let search = GeneticSearch(
            centred,
            removing: removals,
            settings: context.plan.search,
            seeds: [magnitude, diagonal, greedy, polished]
        )
        var random = CounterRandom(
            seed: context.plan.seed,
            stage: "search \(groups[group].name)"
        )
        let result = search.run(using: &random)
        let chance = Array(random.permutation(width).prefix(removals))
        state.kept[group] = Set(0..<width).subtracting(result.removed).sorted()
        state.searches[group] = SearchRecord(
            genetic: result.energy,
            greedy: centred.energy(removing: polished),
            diagonal: centred.energy(removing: diagonal),
            magnitude: centred.energy(removing: magnitude),
            random: centred.energy(removing: chance),
            optimum: centred.optimum(removing: removals).map { centred.energy(removing: $0) },
            generations: result.generations
        )
        state.errors[group] = LayerErrorRecord(
            raw: objective.raw.energy(removing: result.removed),
            folded: result.energy,
            leastSquares: result.energy
        )
        return "\(groups[group].name): keeps \(width - removals) of \(width)"
    }

    /// The units whose producers' filters have the smallest sum of magnitudes.
    ///
    /// Source: Li et al. 2017, "Pruning Filters for Efficient ConvNets", arXiv:1608.08710, section 3.1.
    private func magnitudeChoice(_ group: CoupledGroup, removing count: Int) -> [Int] {
        var scores = [Double](repeating: 0, count: group.width)
        for slice in group.slices where slice.role == .producer {
            let weight = context.teacher.layers[slice.place.layer].weights[slice.place.weight]
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

extension Quality {
    /// The quality for a person.
    var text: String {
        let loss = "loss \(rounded(loss, 4))"
        return accuracy.map { "accuracy \(rounded($0 * 100, 2)) %, \(loss)" } ?? loss
    }

    private func rounded(_ value: Double, _ digits: Int) -> String {
        let scale = Double.power(10, Double(digits))
        return "\((value * scale).rounded() / scale)"
    }
}
