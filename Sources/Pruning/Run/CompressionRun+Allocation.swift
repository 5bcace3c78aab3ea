import Datasets
import Engine
import Graph
import Tensors

/// Allocations are cut, repaired and measured one after another; the best one's network goes on.
extension CompressionRun {
    var sources: [CandidateSource] {
        CandidateSource.all(for: context.plan, groups: context.scannedGroups.count)
    }

    /// How many groups may be cut.
    public var prunableGroupCount: Int { context.scannedGroups.count }

    /// How many allocations are tried.
    public var candidateCount: Int { sources.count }

    /// The nodes that a repair visits.
    var repairCalls: [Int] {
        context.plan.compensation.isEnabled ? Compensation.calls(of: context.teacher) : []
    }

    /// The choice, each layer's fit, the measurement.
    var stepsPerCandidate: Int { repairCalls.count + 2 }

    func cut(_ kept: KeptUnits) throws(CompressionError) -> Network {
        try context.teacher.cut(to: kept, of: context.analysis)
    }

    func tryCandidate() throws(CompressionError) -> String {
        guard state.step >= preparationSteps else { return try learn() }
        let step = state.step - preparationSteps
        let source = sources[step / stepsPerCandidate]
        let position = step % stepsPerCandidate
        if position == 0 { return try choose(source) }
        guard let pending = state.pending, pending.isNew else {
            return "\(source.name): as before"
        }
        if position <= repairCalls.count {
            // Trained weights are not fitted to what the teacher's were.
            guard source != .training else { return "" }
            return "\(source.name): repaired \(try repairLayer(position - 1))"
        }
        guard var network = student else { return "" }
        let quality = measureRepaired(&network)
        finish(pending, quality, network)
        student = nil
        compensation = nil
        return "\(source.name): \(quality.text)"
    }

    /// Fits one of the student's layers that a repair visits, and names it.
    func repairLayer(_ index: Int) throws(CompressionError) -> String {
        guard var network = student else { return "" }
        let call = repairCalls[index]
        // A copy held elsewhere would make every weight change copy the network.
        student = nil
        try chooseByLasso(at: call, of: &network)
        fit(call, of: &network, reference: context.teacher, context.analysis, state.kept)
        let name = network.layer(of: call).name
        student = network
        return name
    }

    private func choose(_ source: CandidateSource) throws(CompressionError) -> String {
        compensation = nil
        state.repair = RepairRecord()
        if source == .training { return adoptTrained() }
        gates = nil
        policy = nil
        var pending = try allocation(from: source)
        if context.plan.budget.unit == .latency, let clock = context.clock {
            try tighten(&pending, source, clock)
        }
        let known = state.candidates.first { $0.kept == pending.allocation.kept }
        if let known { state.structural?.record(known.quality.accuracy ?? 0) }
        pending.isNew = known == nil
        state.kept = try select(widthsBeforeRepair(pending.allocation.kept))
        state.pending = pending
        student = pending.isNew ? try cut(state.kept) : nil
        return "\(source.name): \(pending.allocation.kept)"
    }

    /// The network that lost its units while it was trained is the only candidate.
    private func adoptTrained() -> String {
        if let distillation { student = distillation.student }
        distillation = nil
        state.training = TrainingPosition()
        state.optimizerSteps = 0
        let kept = state.kept.map(\.count)
        let name = CandidateSource.training.name
        var pending = PendingCandidate(
            allocation: Allocation(name: name, kept: kept),
            isRounded: false
        )
        if context.plan.budget.unit == .latency, let clock = context.clock, let student {
            pending.latency = LatencyModel.time(student, on: context.latencySamples, clock: clock)
        }
        state.pending = pending
        return "\(name): \(kept)"
    }

    /// Lowers what the model of latency may say until the cut network is as fast as asked.
    private func tighten(
        _ pending: inout PendingCandidate,
        _ source: CandidateSource,
        _ clock: () -> Double
    ) throws(CompressionError) {
        let asked = context.limit(state.latency)
        let least = context.count(context.floors, state.latency)
        var limit = asked
        for trial in 0...8 {
            let network = try cut(try select(pending.allocation.kept))
            let time = LatencyModel.time(network, on: context.latencySamples, clock: clock)
            pending.latency = time
            guard time > asked, limit > least, trial < 8 else { return }
            limit = max(least, Int(Double(limit) * Double(asked) / Double(time) * 0.99))
            pending.allocation = try allocation(from: source, limit: limit).allocation
        }
    }

    private func allocation(
        from source: CandidateSource,
        limit: Int? = nil
    ) throws(CompressionError) -> PendingCandidate {
        var weights: [Double]?
        if case .weighted(let index) = source {
            let earlier = state.candidates.filter { $0.weights != nil }
            weights = AllocationCurves.weights(
                index,
                of: context.plan.allocation.weighted,
                groups: groups.count,
                best: earlier.min { $0.quality.loss < $1.quality.loss }?.weights,
                seed: context.plan.seed
            )
        }
        var limit = limit ?? context.limit(state.latency)
        if case .bisected = source { limit = bisectedLimit }
        let kept = try widths(by: source, within: limit, weights: weights)
        return PendingCandidate(
            allocation: Allocation(name: source.name, kept: kept),
            isRounded: source.isRounded,
            weights: weights,
            limit: limit
        )
    }

    /// Halfway between the most macs that lost too much and the fewest that did not (METHODS 6.4, for all layers at once).
    private var bisectedLimit: Int {
        let whole = context.count(groups.map(\.width), nil)
        var (lower, upper) = (context.count(context.floors, nil), whole)
        for candidate in state.candidates {
            let macs = candidate.cost.macs
            if isWithinDrop(candidate.quality) {
                upper = min(upper, macs)
            } else {
                lower = max(lower, min(macs, upper))
            }
        }
        return max(context.count(context.floors, nil), (lower + upper) / 2)
    }

    private func isWithinDrop(_ quality: Quality) -> Bool {
        guard case .fraction(let drop) = context.plan.budget.limit,
            let teacher = state.teacher?.accuracy, let own = quality.accuracy
        else { return false }
        return own >= teacher - drop
    }

    /// BatchNorm re-estimation comes last, and stays where it lowers the held-out loss.
    ///
    /// A fit that also makes good what shortcuts lack has set scales that new statistics would take back.
    func measureRepaired(_ network: inout Network) -> Quality {
        var quality = context.validation.quality(of: network)
        state.repair.compensated = quality
        if state.kept.map(\.count) != groups.map(\.width) {
            var other = network
            reestimate(&other)
            let after = context.validation.quality(of: other)
            if after.loss < quality.loss { (network, quality) = (other, after) }
        }
        state.repair.reestimated = quality
        return quality
    }

    func reestimate(_ network: inout Network) {
        let batches = context.calibrationBatches
        network.reestimateBatchNorm(over: batches.count) { ([batches[$0]], [:]) }
    }

    private func finish(_ pending: PendingCandidate, _ quality: Quality, _ network: Network) {
        let candidate = CandidateRecord(
            name: pending.allocation.name,
            kept: pending.allocation.kept,
            cost: context.model.cost(keeping: pending.allocation.kept),
            quality: quality,
            isRounded: pending.isRounded,
            latency: pending.latency,
            weights: pending.weights
        )
        state.structural?.record(quality.accuracy ?? 0)
        if isBetter(candidate, than: state.candidates.first) {
            state.candidates.insert(candidate, at: 0)
            best = network
            state.bestKept = state.kept
            state.chosen = state.repair
        } else {
            state.candidates.append(candidate)
        }
    }

    /// The smaller loss among those within the budget; rounded widths win where they cost next to nothing.
    private func isBetter(_ new: CandidateRecord, than old: CandidateRecord?) -> Bool {
        guard isWithinBudget(new) else {
            // Until one is fast enough the fastest counts: nearer to what was asked than the teacher.
            guard context.plan.budget.unit == .latency, let time = new.latency else { return false }
            return old.map { !isWithinBudget($0) && time < $0.latency ?? .max } ?? true
        }
        guard let old, isWithinBudget(old) else { return true }
        if context.plan.budget.unit == .accuracyDrop { return new.cost.macs < old.cost.macs }
        let scale = new.isRounded == old.isRounded ? 1 : new.isRounded ? 0.99 : 1 / 0.99
        return new.quality.loss * scale < old.quality.loss
    }

    func isWithinBudget(_ candidate: CandidateRecord) -> Bool {
        switch context.plan.budget.unit {
        case .accuracyDrop: isWithinDrop(candidate.quality)
        case .latency: (candidate.latency ?? .max) <= context.limit(state.latency)
        case .macs, .parameters, .bytes:
            context.count(candidate.kept, nil) <= context.limit(nil)
        }
    }

    /// The best candidate's network goes on, or the teacher's where the student is made layer by layer.
    func adoptBestCandidate() throws(CompressionError) {
        let whole = context.analysis.wholeUnits
        let winner = state.bestKept ?? whole
        state.target = winner.map(\.count)
        switch context.plan.distillation.order {
        case .oneShot:
            state.kept = winner
            student = best ?? context.teacher
        case .layerwise:
            state.kept = whole
            student = context.teacher
        }
        if state.bestKept == nil {
            // Nothing could be taken away: the teacher itself is what is left.
            let quality = state.teacher
            state.chosen = RepairRecord(compensated: quality, reestimated: quality)
        }
        best = nil
        state.bestKept = nil
        state.pending = nil
    }
}
