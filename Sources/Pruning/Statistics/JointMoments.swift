import Tensors

/// Second moments of rows x [D] and, where there are any, of targets z [n], added up in Float64 a block of rows at a time.
///
/// Everything is measured from the first block's mean, so that a large mean does not eat the variance's digits.
public struct JointMoments: Sendable {
    /// The length of a row, D.
    public let depth: Int
    /// The targets per row, n.
    public let outputs: Int
    /// The rows added so far.
    public private(set) var count = 0
    private var origin: [Double] = []
    private var sums: SecondMoments
    private var targetSquares: [Double]

    /// Makes empty moments.
    public init(depth: Int, outputs: Int = 0) {
        self.depth = depth
        self.outputs = outputs
        sums = SecondMoments(columns: depth + outputs, factors: depth)
        targetSquares = [Double](repeating: 0, count: outputs)
    }

    /// The bytes that moments of this size hold.
    static func bytes(depth: Int, outputs: Int = 0) -> Int { 8 * depth * (depth + outputs) }

    /// Adds rows `[count, D]` and their targets `[count, n]`, both row-major.
    public mutating func add(rows: [Double], targets: [Double] = []) {
        let added = rows.count / max(depth, 1)
        precondition(targets.count == added * outputs, "one target row per row")
        guard added > 0 else { return }
        if origin.isEmpty {
            origin =
                Self.columnMeans(rows, width: depth, count: added)
                + Self.columnMeans(targets, width: outputs, count: added)
        }
        for row in 0..<added {
            for output in 0..<outputs {
                let value = targets[row * outputs + output] - origin[depth + output]
                targetSquares[output] += value * value
            }
        }
        sums.add(outputs == 0 ? rows : joined(rows, targets, count: added), origin: origin)
        count += added
    }

    private func joined(_ rows: [Double], _ targets: [Double], count: Int) -> [Double] {
        var joint: [Double] = []
        joint.reserveCapacity(rows.count + targets.count)
        for row in 0..<count {
            joint += rows[row * depth..<(row + 1) * depth]
            joint += targets[row * outputs..<(row + 1) * outputs]
        }
        return joint
    }

    private static func columnMeans(_ values: [Double], width: Int, count: Int) -> [Double] {
        var means = [Double](repeating: 0, count: width)
        for row in 0..<count {
            for column in 0..<width { means[column] += values[row * width + column] }
        }
        return means.map { $0 / Double(count) }
    }

    private var divisor: Double { Double(max(count, 1)) }

    /// The mean of a column, measured from the origin.
    private func shift(_ column: Int) -> Double { sums.sum(column) / divisor }

    /// The mean of every column, rows first, targets after them.
    private var means: [Double] {
        (0..<depth + outputs).map { (origin.isEmpty ? 0 : origin[$0]) + shift($0) }
    }

    /// The mean row [D].
    public var rowMean: [Double] { Array(means.prefix(depth)) }
    /// The mean target [n].
    public var targetMean: [Double] { Array(means.suffix(outputs)) }

    /// The centred covariance of the rows, `[D, D]`.
    public var covariance: SquareMatrix {
        var matrix = SquareMatrix(size: depth)
        for row in 0..<depth {
            for column in row..<depth {
                let value =
                    sums.product(row, column) / divisor - shift(row) * shift(column)
                matrix[row, column] = value
                matrix[column, row] = value
            }
        }
        return matrix
    }

    /// The centred cross moment of rows and targets, `[D, n]` row-major.
    public var cross: [Double] {
        var result = [Double](repeating: 0, count: depth * outputs)
        for row in 0..<depth {
            for output in 0..<outputs {
                result[row * outputs + output] =
                    sums.product(row, depth + output) / divisor
                    - shift(row) * shift(depth + output)
            }
        }
        return result
    }

    /// The variance of each target [n].
    public var targetVariance: [Double] {
        (0..<outputs).map { output in
            let mean = shift(depth + output)
            return max(0, targetSquares[output] / divisor - mean * mean)
        }
    }
}
