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
    private var sums: [Double]
    /// `[D, D + n]`; of the first D columns only those right of the diagonal's strip are filled.
    private var products: [Double]
    private var targetSquares: [Double]

    /// The rows of a strip: what one thread works on at a time.
    private static let strip = 64

    /// Makes empty moments.
    public init(depth: Int, outputs: Int = 0) {
        self.depth = depth
        self.outputs = outputs
        sums = [Double](repeating: 0, count: depth + outputs)
        products = [Double](repeating: 0, count: depth * (depth + outputs))
        targetSquares = [Double](repeating: 0, count: outputs)
    }

    /// The bytes that moments of this size hold.
    static func bytes(depth: Int, outputs: Int = 0) -> Int { 8 * depth * (depth + outputs) }

    /// Adds rows `[count, D]` and their targets `[count, n]`, both row-major.
    public mutating func add(rows: [Double], targets: [Double] = []) {
        let added = rows.count / max(depth, 1)
        precondition(targets.count == added * outputs, "one target row per row")
        guard added > 0 else { return }
        let width = depth + outputs
        var joint = [Double](repeating: 0, count: added * width)
        for row in 0..<added {
            for column in 0..<depth { joint[row * width + column] = rows[row * depth + column] }
            for output in 0..<outputs {
                joint[row * width + depth + output] = targets[row * outputs + output]
            }
        }
        if origin.isEmpty { origin = Self.columnMeans(joint, width: width, count: added) }
        for row in 0..<added {
            for column in 0..<width {
                joint[row * width + column] -= origin[column]
                sums[column] += joint[row * width + column]
            }
            for output in 0..<outputs {
                let value = joint[row * width + depth + output]
                targetSquares[output] += value * value
            }
        }
        accumulate(joint, width: width, rows: added)
        count += added
    }

    private static func columnMeans(_ values: [Double], width: Int, count: Int) -> [Double] {
        var means = [Double](repeating: 0, count: width)
        for row in 0..<count {
            for column in 0..<width { means[column] += values[row * width + column] }
        }
        return means.map { $0 / Double(count) }
    }

    private mutating func accumulate(_ joint: [Double], width: Int, rows: Int) {
        let strips = chunks(of: Self.strip, covering: depth)
        joint.withUnsafeBufferPointer { joint in
            products.withUnsafeMutableBufferPointer { result in
                guard let joint = joint.baseAddress, let result = result.baseAddress
                else { return }
                ThreadPool.shared.forEach(strips.count) { strip in
                    let first = strips[strip].lowerBound
                    MatrixProduct.multiply(
                        rows: strips[strip].count,
                        columns: width - first,
                        inner: rows,
                        left: MatrixView(joint + first, rowStride: width, transposed: true),
                        right: MatrixView(joint + first, rowStride: width),
                        into: result + first * width + first,
                        rowStride: width,
                        adding: true
                    )
                }
            }
        }
    }

    private var divisor: Double { Double(max(count, 1)) }

    /// The mean of every column, rows first, targets after them.
    private var means: [Double] {
        sums.indices.map { (origin.isEmpty ? 0 : origin[$0]) + sums[$0] / divisor }
    }

    /// The mean row [D].
    public var rowMean: [Double] { Array(means.prefix(depth)) }
    /// The mean target [n].
    public var targetMean: [Double] { Array(means.suffix(outputs)) }

    /// The centred covariance of the rows, `[D, D]`.
    public var covariance: SquareMatrix {
        var matrix = SquareMatrix(size: depth)
        let width = depth + outputs
        for row in 0..<depth {
            for column in row..<depth {
                let value =
                    products[row * width + column] / divisor
                    - sums[row] / divisor * (sums[column] / divisor)
                matrix[row, column] = value
                matrix[column, row] = value
            }
        }
        return matrix
    }

    /// The centred cross moment of rows and targets, `[D, n]` row-major.
    public var cross: [Double] {
        let width = depth + outputs
        var result = [Double](repeating: 0, count: depth * outputs)
        for row in 0..<depth {
            for output in 0..<outputs {
                result[row * outputs + output] =
                    products[row * width + depth + output] / divisor
                    - sums[row] / divisor * (sums[depth + output] / divisor)
            }
        }
        return result
    }

    /// The variance of each target [n].
    public var targetVariance: [Double] {
        (0..<outputs).map { output in
            let mean = sums[depth + output] / divisor
            return max(0, targetSquares[output] / divisor - mean * mean)
        }
    }
}
