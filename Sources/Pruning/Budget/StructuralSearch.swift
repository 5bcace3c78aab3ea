/// The binary structural search with step constraint: each group in turn goes as far as its part of the tolerated drop.
///
/// Front to back, group l of L may bring the accuracy down to `teacher - drop (l + 1) / L`: what earlier groups left over is
/// its own. Within a group the share removed is halved towards the largest that keeps the accuracy.
///
/// Source: Xie et al. 2021, "Pruning with Compensation", arXiv:2108.13728, and the driver of its code (METHODS 6.4).
package struct StructuralSearch: Codable, Sendable, Hashable {
    /// How often each group's share is halved.
    static let trialsPerGroup = 6

    /// The widths of all groups.
    private let widths: [Int]
    /// The fewest units each may keep.
    private let floors: [Int]
    /// The groups that may be cut, front to back.
    private let order: [Int]
    /// The teacher's accuracy, and how much of it may go.
    private let accuracy: Double
    private let drop: Double
    /// The units each group keeps as far as it is decided; its width until then.
    package private(set) var kept: [Int]
    private var position = 0
    private var trial = 0
    private var (lower, upper) = (0.0, 1.0)

    /// Begins a search.
    package init(widths: [Int], floors: [Int], accuracy: Double, drop: Double) {
        self.widths = widths
        self.floors = floors
        self.accuracy = accuracy
        self.drop = drop
        order = widths.indices.filter { floors[$0] < widths[$0] }
        kept = widths
    }

    /// Whether every group is decided.
    package var isDone: Bool { position == order.count }

    /// The units each group keeps in the next network to be measured; ``kept`` once all are decided.
    package var proposal: [Int] {
        guard !isDone else { return kept }
        var widths = kept
        widths[order[position]] = width(without: (lower + upper) / 2)
        return widths
    }

    private func width(without share: Double) -> Int {
        let group = order[position]
        let most = Double(widths[group] - floors[group])
        return widths[group] - Int(share * most)
    }

    /// Takes note of the proposal's accuracy.
    package mutating func record(_ found: Double) {
        guard !isDone else { return }
        let threshold = accuracy - drop * Double(position + 1) / Double(order.count)
        let middle = (lower + upper) / 2
        if found >= threshold { lower = middle } else { upper = middle }
        trial += 1
        guard trial == Self.trialsPerGroup else { return }
        kept[order[position]] = width(without: lower)
        position += 1
        trial = 0
        (lower, upper) = (0, 1)
    }
}
