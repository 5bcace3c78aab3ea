import Graph

/// What the budget counts and leaves.
extension CompressionContext {
    /// Makes sure, before any work, that the budget can be met; latency is checked once it is measured.
    func checkBudget() throws(CompressionError) {
        switch plan.budget.unit {
        case .macs, .parameters, .bytes: try checkReachable(nil, plan.budget)
        case .latency:
            guard clock != nil else {
                throw .budgetUnmeasurable(unit: .latency, reason: "there is no clock")
            }
        case .accuracyDrop:
            guard validation.labels != nil else {
                throw .budgetUnmeasurable(
                    unit: .accuracyDrop,
                    reason: "the samples have no labels"
                )
            }
        }
    }

    /// Makes sure that the narrowest student is within the budget.
    func checkReachable(
        _ latency: LatencyModel?,
        _ budget: Budget
    ) throws(CompressionError) {
        let least = count(floors, latency)
        let limit = budget.count(ofWhole: count(analysis.groups.map(\.width), latency))
        guard least <= limit else {
            throw .budgetUnreachable(
                unit: plan.budget.unit,
                asked: limit,
                reachable: least,
                teacher: count(analysis.groups.map(\.width), latency)
            )
        }
    }

    /// What an allocation costs in the budget's unit; for an accuracy drop its macs.
    func count(_ kept: [Int], _ latency: LatencyModel?) -> Int {
        switch plan.budget.unit {
        case .macs, .accuracyDrop: model.cost(keeping: kept).macs
        case .parameters: model.cost(keeping: kept).parameters
        case .bytes: 4 * model.cost(keeping: kept).parameters
        case .latency: latency?.nanoseconds(model.kernelShares(keeping: kept)) ?? 0
        }
    }

    /// The most the budget leaves; for an accuracy drop all of the teacher's macs.
    func limit(_ latency: LatencyModel?) -> Int {
        let whole = count(analysis.groups.map(\.width), latency)
        switch plan.budget.unit {
        case .macs, .parameters, .bytes, .latency: return plan.budget.count(ofWhole: whole)
        case .accuracyDrop: return whole
        }
    }

    /// What shares out a budget of the given limit.
    func allocator(limit: Int, _ latency: LatencyModel?) -> Allocator {
        Allocator(
            widths: analysis.groups.map(\.width),
            floors: floors,
            roundTo: plan.roundTo,
            limit: limit,
            cost: { [self] kept in count(kept, latency) }
        )
    }
}
