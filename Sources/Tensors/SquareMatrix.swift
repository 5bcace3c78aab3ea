import COpenBLAS

/// A dense square matrix of 64-bit floats, row-major.
public struct SquareMatrix: Sendable, Equatable {
    /// The number of rows and of columns.
    public let size: Int
    /// The elements in row-major order.
    public var values: [Double]

    /// Makes a matrix of zeros.
    public init(size: Int) {
        self.size = size
        values = [Double](repeating: 0, count: size * size)
    }

    /// Makes a matrix from its elements in row-major order.
    public init(size: Int, values: [Double]) {
        precondition(values.count == size * size, "\(values.count) values for size \(size)")
        self.size = size
        self.values = values
    }

    /// One element.
    public subscript(row: Int, column: Int) -> Double {
        get { values[row * size + column] }
        set { values[row * size + column] = newValue }
    }

    /// The sum of the diagonal.
    public var trace: Double { (0..<size).reduce(0) { $0 + self[$1, $1] } }
}

/// The Cholesky factor of a symmetric positive definite matrix.
public struct CholeskyFactor: Sendable {
    private let size: Int
    private var factor: [Double]

    /// Factors a matrix after adding a ridge to its diagonal; nil where it is not positive definite (LAPACK dpotrf).
    public init?(_ matrix: SquareMatrix, ridge: Double = 0) {
        size = matrix.size
        factor = matrix.values
        for index in 0..<size { factor[index * size + index] += ridge }
        var order = Int32(size)
        var leading = Int32(max(size, 1))
        var status: Int32 = 0
        dpotrf_("L", &order, &factor, &leading, &status)
        guard status == 0 else { return nil }
    }

    /// Solves for several right-hand sides at once (LAPACK dpotrs).
    ///
    /// - Parameters:
    ///   - sides: `[size, count]` row-major.
    ///   - count: The number of right-hand sides.
    /// - Returns: The solutions in the same layout.
    public func solve(_ sides: [Double], count: Int) -> [Double] {
        precondition(sides.count == size * count, "\(sides.count) values for \(size) x \(count)")
        // LAPACK wants columns together.
        var columns = [Double](repeating: 0, count: sides.count)
        for row in 0..<size {
            for column in 0..<count { columns[column * size + row] = sides[row * count + column] }
        }
        var order = Int32(size)
        var leading = Int32(max(size, 1))
        var sideCount = Int32(count)
        var status: Int32 = 0
        dpotrs_("L", &order, &sideCount, factor, &leading, &columns, &leading, &status)
        precondition(status == 0, "dpotrs was given a bad argument")
        var result = sides
        for row in 0..<size {
            for column in 0..<count { result[row * count + column] = columns[column * size + row] }
        }
        return result
    }
}
