/// What makes a unit worth keeping, by the weights alone.
public enum WeightCriterion: String, Sendable, Hashable, Codable, CaseIterable {
    /// The sum of the magnitudes of the filter that makes the unit.
    ///
    /// Source: Li et al. 2017, "Pruning Filters for Efficient ConvNets", arXiv:1608.08710, section 3.1.
    case magnitude = "l1"
    /// The Euclidean length of the filter.
    ///
    /// Source: He et al. 2018, "Soft Filter Pruning for Accelerating Deep Convolutional Neural Networks",
    ///   arXiv:1808.06866.
    case length = "l2"
    /// The magnitude of the BatchNorm's gamma.
    ///
    /// Source: Liu et al. 2017, "Learning Efficient Convolutional Networks through Network Slimming", arXiv:1708.06519.
    ///   Differs: nothing is trained with a penalty on gamma first.
    case batchNormScale = "bn_scale"
    /// The sum of the distances to the other filters: what is nearest the geometric median can be replaced by the rest.
    ///
    /// Source: He et al. 2019, "Filter Pruning via Geometric Median", arXiv:1811.00250.
    case geometricMedian = "fpgm"
}
