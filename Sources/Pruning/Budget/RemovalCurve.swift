/// What removing units of a group is thought to cost: a rising curve over the share that is removed.
public struct RemovalCurve: Sendable, Hashable {
    /// Shares, ascending from 0.
    private var shares: [Double]
    /// Rises of the loss or error at the shares, never falling.
    private var rises: [Double]

    /// Makes a curve through the origin and the given points, lifted so that it never falls.
    public init(_ points: [(share: Double, rise: Double)]) {
        shares = [0]
        rises = [0]
        for point in points.sorted(by: { $0.share < $1.share }) where point.share > 0 {
            shares.append(point.share)
            rises.append(max(point.rise, rises[rises.count - 1]))
        }
    }

    /// The rise at a share, by straight lines; past the last point the last line goes on.
    public func rise(at share: Double) -> Double {
        guard shares.count > 1 else { return share }
        let upper = shares.firstIndex { $0 >= share } ?? shares.count - 1
        guard upper > 0 else { return rises[0] }
        let slope = (rises[upper] - rises[upper - 1]) / (shares[upper] - shares[upper - 1])
        return rises[upper - 1] + slope * (share - shares[upper - 1])
    }

    /// This curve with every rise multiplied.
    public func scaled(by factor: Double) -> RemovalCurve {
        var curve = self
        curve.rises = rises.map { $0 * factor }
        return curve
    }
}

extension RemovalCurve {
    /// What removals cost when the units with the smallest scores go first, and their scores add up.
    init(addingUp scores: [Double]) {
        var sum = 0.0
        self.init(
            scores.sorted().enumerated().map { index, score in
                sum += score
                return (Double(index + 1) / Double(scores.count), sum)
            }
        )
    }
}
