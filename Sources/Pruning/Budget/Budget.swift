/// What the student may cost.
public struct Budget: Sendable, Hashable, Codable {
    /// What is counted.
    public enum Unit: String, Sendable, Codable, CaseIterable {
        /// Multiply-accumulates of one sample.
        case macs
        /// All weights, as Keras counts them.
        case parameters
        /// All weights in bytes, four for each.
        case bytes
        /// The time of one forward pass, measured on this machine: nanoseconds of one sample.
        case latency
        /// How much accuracy may go before distillation, on held-out samples.
        case accuracyDrop = "accuracy_drop"
    }

    /// What is counted.
    public var unit: Unit
    /// The most that may be left, or lost.
    public var limit: Limit

    /// How much may be left.
    public enum Limit: Sendable, Hashable, Codable {
        /// A share of the teacher's cost, above 0 and at most 1; of an accuracy drop the drop itself.
        case fraction(Double)
        /// A number of multiply-accumulates, weights, bytes or nanoseconds.
        case count(Int)
    }

    /// Makes a budget.
    public init(_ unit: Unit, _ limit: Limit) {
        self.unit = unit
        self.limit = limit
    }

    /// The limit in the unit's own count, of a whole of so many.
    func count(ofWhole whole: Int) -> Int {
        switch limit {
        case .fraction(let fraction): Int(fraction * Double(whole))
        case .count(let count): count
        }
    }
}
