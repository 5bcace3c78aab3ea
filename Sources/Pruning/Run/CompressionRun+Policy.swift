import Graph
import Tensors

/// An agent tries networks for all budgets of the series and learns what shares they bear.
extension CompressionRun {
    /// The limits of all budgets of the series.
    var policyBudgets: [Int] {
        let whole = context.count(groups.map(\.width), state.latency)
        return context.plan.conditional.budgets.map { $0.count(ofWhole: whole) }
    }

    /// One step of a trial: first the exact allocation at each budget, whose rewards are the levels, then the agent's.
    func tryEpisode() throws(CompressionError) -> String {
        let (trial, position) = state.step.quotientAndRemainder(dividingBy: stepsPerCandidate)
        if position == 0 { return try begin(trial) }
        if position <= repairCalls.count {
            return "trial \(trial + 1): repaired \(try repairLayer(position - 1))"
        }
        guard var network = student else { return "" }
        student = nil
        let quality = measureRepaired(&network)
        compensation = nil
        let reward = quality.accuracy ?? -quality.loss
        if trial < policyBudgets.count {
            state.policyLevels.append(reward)
        } else {
            var policy = try currentPolicy()
            self.policy = nil
            policy.finish(policy.nextEpisode(), reward: reward)
            state.policyFindings = policy.best.map { $0?.kept }
            self.policy = policy
        }
        state.kept = context.analysis.wholeUnits
        return "trial \(trial + 1): \(quality.text)"
    }

    private func begin(_ trial: Int) throws(CompressionError) -> String {
        compensation = nil
        state.repair = RepairRecord()
        let limits = policyBudgets
        let widths: [Int]
        if trial < limits.count {
            let allocator = context.allocator(limit: limits[trial], state.latency)
            widths = allocator.optimal(along: curves.reconstruction, name: "exact").kept
        } else {
            let policy = try currentPolicy()
            widths = policy.nextEpisode().kept
            self.policy = policy
        }
        state.kept = try select(widths)
        student = try cut(state.kept)
        return "trial \(trial + 1): \(widths)"
    }

    private func currentPolicy() throws(CompressionError) -> ConditionalPolicy {
        if let policy { return policy }
        return try makePolicy()
    }

    func makePolicy() throws(CompressionError) -> ConditionalPolicy {
        let problem = PolicyProblem(
            layers: groups.map { PolicyLayer($0, of: context.teacher) },
            floors: context.floors,
            targets: zip(policyBudgets, state.policyLevels).map {
                PolicyTarget(limit: $0, expectedReward: $1)
            },
            cost: context.allocator(limit: 0, state.latency).cost
        )
        do {
            return try ConditionalPolicy(
                problem: problem,
                settings: context.plan.conditional.agent,
                seed: context.plan.seed
            )
        } catch {
            throw .surgery(error)
        }
    }

    /// What the agent found best at this compression's own budget; the exact allocation where it found nothing.
    func policyWidths(within limit: Int) -> [Int] {
        let own = policyBudgets.firstIndex(of: limit).flatMap {
            $0 < state.policyFindings.count ? state.policyFindings[$0] : nil
        }
        let allocator = context.allocator(limit: limit, state.latency)
        let curves = curves.reconstruction
        // What the agent left unused is spent where the error falls most.
        return own.map { allocator.filled($0, curves, by: 1) }
            ?? allocator.optimal(along: curves, name: "exact").kept
    }
}
