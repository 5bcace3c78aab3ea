import Tensors

/// Which units of a group go, and how the choice was come by.
struct Selection: Sendable {
    /// What a selection depends on.
    struct Key: Hashable {
        var group: Int
        var removals: Int
    }

    /// The units that go, ascending.
    var removed: [Int]
    /// What the genetic search found.
    var genetic: GeneticSearch.Result
    /// What the Surgeon's order takes, where there is one.
    var surgeon: [Int]?
    /// Whether the Surgeon's choice was taken.
    var isSurgeons: Bool

    /// Chooses.
    ///
    /// - Parameters:
    ///   - objective: The group's errors.
    ///   - removals: How many units go.
    ///   - magnitude: The units with the smallest filters: one of the search's seeds.
    ///   - plan: The search's settings, and whether the cut will be repaired by least squares.
    ///   - name: The group's name, which keys its random numbers.
    init(
        _ objective: GroupObjective,
        removing removals: Int,
        magnitude: [Int],
        plan: CompressionPlan,
        name: String
    ) {
        let centred = objective.centred
        let order = objective.removal?.order ?? []
        surgeon = order.count >= removals ? order.prefix(removals).sorted() : nil
        let search = GeneticSearch(
            centred,
            removing: removals,
            settings: plan.search,
            seeds: [
                magnitude, centred.diagonalChoice(removals),
                Array(centred.greedyOrder().prefix(removals)), centred.forwardChoice(removals),
            ]
        )
        var random = CounterRandom(seed: plan.seed, stage: "search \(name)")
        genetic = search.run(using: &random)
        removed = genetic.removed
        isSurgeons = false
        let isFitted = plan.compensation.isEnabled && plan.search.mode == .full
        guard isFitted, plan.search.criterion == .leastSquares, let surgeon,
            let leastSquares = objective.leastSquares
        else { return }
        if leastSquares.energy(removing: surgeon) < leastSquares.energy(removing: removed) {
            removed = surgeon
            isSurgeons = true
        }
    }
}
