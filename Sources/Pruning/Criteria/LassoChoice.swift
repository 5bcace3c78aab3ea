import Tensors

/// Units chosen by LASSO: as few factors on the units' contributions as give the consumers' outputs back best.
///
/// Source: He, Zhang, Sun 2017, "Channel Pruning for Accelerating Very Deep Neural Networks", arXiv:1707.06168, section
///   3.1, step one, and its code (METHODS 4). Differs: in Gram form, over all calibration rows instead of a few; an
///   intercept per output; exactly as many units stay as asked, not up to a tenth more.
public struct LassoChoice: UnitChoice {
    private let gram: SquareMatrix
    private let target: [Double]

    /// Which units are zero is decided long before the others' coefficients are settled.
    private static let patience = Lasso.Patience(precision: 1e-6, passes: 400)
    /// The first penalty as a share of the one that leaves nothing.
    private static let firstShare = 1e-3
    /// An interval of penalties that was halved this often holds no other number of units.
    private static let bisections = 40

    /// Makes a choice from a group's Gram matrix and target; both may be sums over several consumers.
    ///
    /// - Parameters:
    ///   - gram: `Z' Z`, centred, [c, c].
    ///   - target: `Z' y`, centred, at the same scale, [c]; see ``Lasso/target(cross:weights:outputs:columns:)``.
    public init(gram: SquareMatrix, target: [Double]) {
        precondition(target.count == gram.size, "one target per unit")
        self.gram = gram
        self.target = target
    }

    /// The symmetric case: the outputs to give back are the ones of all the group's units, `target = G 1`.
    ///
    /// - Parameter objective: ``GroupObjective/centred``.
    public init(_ objective: QuadraticObjective) {
        self.init(
            gram: objective.matrix,
            target: objective.gradient(removing: Array(0..<objective.size))
        )
    }

    /// The asymmetric case by a cross Gram matrix: `target = X 1` with `X_ij` the product of unit i's contribution in the
    /// network as it is and unit j's in the original.
    ///
    /// - Parameters:
    ///   - objective: ``GroupObjective/centred`` of the network as it is.
    ///   - cross: X, centred and at the same scale.
    public init(_ objective: QuadraticObjective, cross: SquareMatrix) {
        self.init(
            gram: objective.matrix,
            target: (0..<cross.size).map { row in
                (0..<cross.size).reduce(0) { $0 + cross[row, $1] }
            }
        )
    }

    /// The units that go, as ``UnitChoice/removed(_:)`` asks.
    public func removed(_ count: Int) -> [Int] {
        guard count > 0 else { return [] }
        let coefficients = coefficients(keeping: gram.size - count)
        // Where no penalty leaves exactly so many, the largest coefficients stay; of zeros, the larger columns.
        let order = coefficients.indices.sorted {
            (abs(coefficients[$0]), gram[$0, $0], $0) < (abs(coefficients[$1]), gram[$1, $1], $1)
        }
        return order.prefix(count).sorted()
    }

    /// The coefficients at a penalty that leaves the given number of units, or else the fewest above it that were found,
    /// or else the most below.
    ///
    /// The penalty is doubled until fewer are left, then the interval is bisected.
    public func coefficients(keeping wanted: Int) -> [Double] {
        let largest = target.map(abs).max() ?? 0
        guard largest > 0 else { return target }
        var (low, high) = (0.0, Self.firstShare * largest)
        var path = Path(wanted: wanted)
        var current = solution(at: high, from: nil)
        while path.count(current) > wanted {
            (low, high) = (high, 2 * high)
            current = solution(at: high, from: current)
        }
        for _ in 0..<Self.bisections where path.exact == nil {
            let middle = (low + high) / 2
            current = solution(at: middle, from: current)
            if path.count(current) < wanted { high = middle } else { low = middle }
        }
        return path.best
    }

    private func solution(at penalty: Double, from start: [Double]?) -> [Double] {
        Lasso.coefficients(
            gram: gram,
            target: target,
            penalty: penalty,
            from: start,
            Self.patience
        )
    }

    /// The solutions seen on the way to a number of units.
    private struct Path {
        let wanted: Int
        private(set) var exact: [Double]?
        private var above: (count: Int, coefficients: [Double])?
        private var below: (count: Int, coefficients: [Double])?

        init(wanted: Int) {
            self.wanted = wanted
        }

        /// Takes note of a solution; the number of units it leaves.
        mutating func count(_ coefficients: [Double]) -> Int {
            let count = coefficients.count { $0 != 0 }
            if count == wanted {
                exact = exact ?? coefficients
            } else if count > wanted, count < above?.count ?? .max {
                above = (count, coefficients)
            } else if count < wanted, count > below?.count ?? -1 {
                below = (count, coefficients)
            }
            return count
        }

        var best: [Double] {
            exact ?? above?.coefficients ?? below?.coefficients ?? []
        }
    }
}
