import Datasets
import Graph
import Tensors

/// What each method chooses units by, and how it shares a budget out.
extension CompressionRun {
    /// The units that stay when each group keeps so many.
    func select(_ kept: [Int]) throws(CompressionError) -> KeptUnits {
        var units: KeptUnits = []
        for (group, count) in kept.enumerated() {
            let removals = groups[group].width - count
            guard removals > 0, let removed = try removed(removals, of: group) else {
                units.append(Array(0..<count))
                continue
            }
            units.append(Set(0..<groups[group].width).subtracting(removed).sorted())
        }
        return units
    }

    /// The units of a group that go; nil where it could not be measured.
    func removed(_ count: Int, of group: Int) throws(CompressionError) -> [Int]? {
        switch context.plan.method {
        case .genetic, .conditional: return selection(group, removing: count)?.removed
        case .lasso, .fisher, .compensation, .uniform, .l1, .l2, .bnScale, .taylor, .fpgm, .hrank,
            .random:
            return try choice(of: group)?.removed(count)
        }
    }

    /// What a method without a search of its own chooses by.
    private func choice(of group: Int) throws(CompressionError) -> (any UnitChoice)? {
        if let known = evidence.choices[group] { return known }
        let choice = try makeChoice(of: group)
        evidence.choices[group] = choice
        return choice
    }

    private func makeChoice(of group: Int) throws(CompressionError) -> (any UnitChoice)? {
        func weights(_ criterion: WeightCriterion) -> RankedUnits {
            WeightScores(criterion, of: groups[group], in: context.teacher).choice
        }
        switch context.plan.method {
        case .genetic, .conditional: return nil
        case .lasso: return objective(of: group).map { LassoChoice($0.centred) }
        case .compensation:
            guard let objective = objective(of: group) else { return nil }
            // A group too wide for its covariance goes by the error before the fit.
            return objective.leastSquares.map { CompensationAwareRanking($0) }
                ?? RankedUnits(order: objective.centred.greedyOrder())
        case .fisher, .taylor, .uniform, .hrank:
            return RankedUnits(scores: try scores(by: context.plan.method)[group])
        case .l1: return weights(.magnitude)
        case .l2: return weights(.length)
        case .bnScale: return weights(.batchNormScale)
        case .fpgm: return weights(.geometricMedian)
        case .random:
            return RankedUnits(randomlyFor: groups[group], seed: context.plan.seed)
        }
    }

    /// For each group, for each unit, what the method measured of it; the smallest goes first.
    private func scores(by method: PruningMethod) throws(CompressionError) -> [[Double]] {
        if let known = evidence.scores[method] { return known }
        let scores = try measuredScores(by: method)
        evidence.scores[method] = scores
        return scores
    }

    private func measuredScores(by method: PruningMethod) throws(CompressionError) -> [[Double]] {
        switch method {
        case .fisher, .taylor:
            let gradients = try gradientEvidence(
                of: groups,
                in: context.teacher,
                over: context.calibration
            )
            evidence.scores[.fisher] = gradients.fisher
            evidence.scores[.taylor] = gradients.taylor
            return method == .fisher ? gradients.fisher : gradients.taylor
        case .hrank:
            return FeatureMapRanks(
                network: context.teacher,
                groups: groups,
                samples: context.calibration,
                batchSize: context.plan.batchSize
            ).scores
        case .uniform: return state.gateScores ?? []
        case .genetic, .lasso, .compensation, .conditional, .l1, .l2, .bnScale, .fpgm, .random:
            return groups.map { [Double](repeating: 0, count: $0.width) }
        }
    }

    /// What masks on groups are worth by the labels, or where there are none or they shall not count, by the network's own
    /// answers.
    func gradientEvidence(
        of groups: [CoupledGroup],
        in network: Network,
        over samples: SampleSet
    ) throws(CompressionError) -> GradientEvidence {
        let labels = samples.classLabels(
            for: context.head,
            shape: network.shapes[context.head.output]
        )
        return try GradientEvidence(
            network: network,
            groups: groups,
            samples: samples,
            labels: context.plan.fisher.usesLabels ? labels : nil,
            batchSize: context.plan.batchSize,
            seed: context.plan.seed
        )
    }

    /// The units each group keeps by one way of sharing a budget out.
    func widths(
        by source: CandidateSource,
        within limit: Int,
        weights: [Double]?
    ) throws(CompressionError) -> [Int] {
        let allocator = context.allocator(limit: limit, state.latency)
        let name = source.name
        switch source {
        case .uniform: return allocator.uniform(name).kept
        case .reconstruction(let isRounded):
            let curves = curves.reconstruction
            return allocator.optimal(along: curves, name: name, isRounded: isRounded).kept
        case .sensitivity(let isRounded):
            let curves = curves.sensitivity
            return allocator.optimal(along: curves, name: name, isRounded: isRounded).kept
        case .combined(let isRounded):
            let curves = curves.combined
            return allocator.optimal(along: curves, name: name, isRounded: isRounded).kept
        case .lagrangian: return allocator.lagrangian(along: curves.combined, name: name).kept
        case .level: return allocator.level(along: curves.sensitivity, name: name).kept
        case .weighted:
            let curves = zip(curves.combined, weights ?? []).map { $0.scaled(by: $1) }
            return allocator.optimal(along: curves, name: name).kept
        case .bisected:
            let base = CandidateSource.base(of: context.plan)
            return try widths(by: base, within: limit, weights: nil)
        case .training: return state.kept.map(\.count)
        case .policy: return policyWidths(within: limit)
        case .fisher(let normalisation):
            let scores = try scores(by: .fisher)
            let kept = FisherAllocation(
                scores: scores,
                unitCost: UnitCost(normalisation, network: context.teacher, groups: groups),
                floors: context.floors,
                limit: limit,
                cost: allocator.cost
            ).kept.map(\.count)
            return allocator.filled(kept, scores.map(RemovalCurve.init(addingUp:)), by: 1)
        case .groupMean: return try groupMeanWidths(allocator)
        case .structural: return structuralWidths
        }
    }

    /// The smallest threshold, as a share of each group's mean score, at which the budget is met.
    private func groupMeanWidths(_ allocator: Allocator) throws(CompressionError) -> [Int] {
        let scores = try scores(by: .uniform)
        func kept(_ factor: Double) -> [Int] {
            UniformRule(factor: factor, hasEqualWidths: true).kept(
                scores: groups.indices.map { context.isPrunable[$0] ? scores[$0] : nil },
                groups: groups,
                network: context.teacher,
                floors: context.floors
            ).map(\.count)
        }
        var (lower, upper) = (0.0, 2.0)
        for _ in 0..<50 {
            let middle = (lower + upper) / 2
            if allocator.cost(kept(middle)) <= allocator.limit {
                upper = middle
            } else {
                lower = middle
            }
        }
        let widths = kept(upper)
        // Scores so even that no threshold parts them: the same share of every group.
        return allocator.cost(widths) <= allocator.limit ? widths : allocator.uniform().kept
    }

    private var structuralWidths: [Int] {
        if state.structural == nil, let accuracy = state.teacher?.accuracy,
            case .fraction(let drop) = context.plan.budget.limit
        {
            state.structural = StructuralSearch(
                widths: groups.map(\.width),
                floors: context.floors,
                accuracy: accuracy,
                drop: drop
            )
        }
        return state.structural?.proposal ?? groups.map(\.width)
    }
}

/// What a run has found out about groups beside their statistics; a resumed run works it out again, to the same bits.
struct MethodEvidence {
    /// By group.
    var choices: [Int: any UnitChoice] = [:]
    /// By method, for each group and unit.
    var scores: [PruningMethod: [[Double]]] = [:]
}
