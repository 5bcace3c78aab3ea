import Graph
import Tensors

extension RankedUnits {
    /// A random order of a group's units: what every criterion must beat.
    ///
    /// - Parameters:
    ///   - group: The group; its name keys the numbers, so that the order does not depend on the other groups.
    ///   - seed: The job's seed.
    public init(randomlyFor group: CoupledGroup, seed: UInt64) {
        var random = CounterRandom(seed: seed, stage: "random units \(group.name)")
        self.init(order: random.permutation(group.width))
    }
}
