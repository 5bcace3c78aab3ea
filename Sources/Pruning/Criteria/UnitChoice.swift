/// Which units of one coupled group go when so many must.
///
/// Every method's way of choosing within a group is one: the contract in `UnitChoiceTests` holds for all of them.
public protocol UnitChoice: Sendable {
    /// The units that go.
    ///
    /// - Parameter count: How many, from 0 to one less than the group's width.
    /// - Returns: Exactly `count` different units, ascending; the same for the same count.
    func removed(_ count: Int) -> [Int]
}

/// A nested choice: units go one after another in a fixed order.
public struct RankedUnits: UnitChoice, Hashable {
    /// All units of the group, the first to go first.
    public let order: [Int]

    /// Makes a choice of an order.
    public init(order: [Int]) {
        self.order = order
    }

    /// Makes a choice of scores: the smallest goes first, of equals the lower unit.
    public init(scores: [Double]) {
        order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
    }

    /// The first units of the order.
    public func removed(_ count: Int) -> [Int] { order.prefix(count).sorted() }
}
