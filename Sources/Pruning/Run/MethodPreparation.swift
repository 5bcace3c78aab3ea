/// What a method learns before it can share the budget out.
public enum MethodPreparation: Sendable, Hashable {
    /// Nothing.
    case nothing
    /// An agent tries networks: so many are cut, repaired and measured.
    case trials(Int)
    /// Gates are trained on so many batches.
    case gates(batches: Int)
    /// Units go one by one while the network trains, at most so many.
    case removals(atMost: Int)
}
