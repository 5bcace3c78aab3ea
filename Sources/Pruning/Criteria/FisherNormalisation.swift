/// What a unit's Fisher score is divided by, so that units of different groups can be compared.
///
/// Source: Liu et al. 2021, "Group Fisher Pruning", arXiv:2108.00708 (METHODS 3).
public enum FisherNormalisation: String, Sendable, Hashable, Codable, CaseIterable {
    /// Nothing.
    case none
    /// The activations that go with it: the elements of its producers' outputs for one sample.
    case memory
    /// The multiply-accumulates that go with it, at the widths there are.
    case macs
}
