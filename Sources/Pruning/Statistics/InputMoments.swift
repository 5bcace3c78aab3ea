import Tensors

/// What is known of a layer's input rows: their whole covariance, or the rows themselves where that would be too large.
enum InputMoments: Sendable {
    /// The centred covariance [D, D] and the mean [D].
    case whole(covariance: SquareMatrix, mean: [Double])
    /// Sampled rows with the mean taken off, `[count, D]` row-major, and the mean.
    case sampled(rows: [Double], count: Int, mean: [Double])

    /// A covariance with more columns would cost more memory and time than it brings; rows are then sampled.
    static let largestDepth = 2500
    /// The most bytes that sampled rows may take.
    private static let sampleBytes = 192 << 20

    /// The rows that are enough for a covariance of this many columns (METHODS 13: at least 10 D).
    ///
    /// With twice as many ResNet-20 at half of its macs was no better over three seeds, with half as many worse by 0.3 points.
    static func wantedRows(depth: Int) -> Int {
        guard depth <= largestDepth else { return sampledRows(depth: depth) }
        let affordable = 24_000_000_000 / (depth * depth)
        return max(16 * depth, min(48 * depth, affordable), 4096)
    }

    /// The rows that are kept of a layer whose covariance would be too large.
    static func sampledRows(depth: Int) -> Int {
        max(64, min(3072, sampleBytes / (8 * max(depth, 1))))
    }

    /// Takes the mean off sampled rows.
    init(sampling rows: [Double], depth: Int) {
        let count = rows.count / max(depth, 1)
        var mean = [Double](repeating: 0, count: depth)
        for row in 0..<count {
            for column in 0..<depth { mean[column] += rows[row * depth + column] }
        }
        mean = mean.map { $0 / Double(max(count, 1)) }
        var centred = rows
        for row in 0..<count {
            for column in 0..<depth { centred[row * depth + column] -= mean[column] }
        }
        self = .sampled(rows: centred, count: count, mean: mean)
    }

    var mean: [Double] {
        switch self {
        case .whole(_, let mean), .sampled(_, _, let mean): mean
        }
    }

    /// The given rows of the centred covariance, `[columns.count, D]` row-major.
    func covariance(rows columns: [Int]) -> [Double] {
        switch self {
        case .whole(let covariance, _):
            let size = covariance.size
            return columns.flatMap { covariance.values[$0 * size..<($0 + 1) * size] }
        case .sampled(let rows, let count, let mean):
            let depth = mean.count
            var chosen = [Double](repeating: 0, count: count * columns.count)
            for row in 0..<count {
                for (index, column) in columns.enumerated() {
                    chosen[row * columns.count + index] = rows[row * depth + column]
                }
            }
            let product = Matrices.transposedProduct(
                chosen,
                columns: columns.count,
                rows,
                columns: depth,
                rows: count
            )
            return product.map { $0 / Double(max(count, 1)) }
        }
    }

    /// `tr(W' Cov W)`: the variance of the outputs that weights `[D, n]` give, summed over them.
    func variance(of weights: [Double], outputs: Int) -> Double {
        switch self {
        case .whole(let covariance, _):
            let image = Matrices.product(covariance, weights, columns: outputs)
            return zip(weights, image).reduce(0) { $0 + $1.0 * $1.1 }
        case .sampled(let rows, let count, let mean):
            let answers = Matrices.product(
                rows,
                rows: count,
                inner: mean.count,
                weights,
                columns: outputs
            )
            return answers.reduce(0) { $0 + $1 * $1 } / Double(max(count, 1))
        }
    }
}

/// Products of whole row-major matrices in Float64, on the calling thread where nothing else is said.
enum Matrices {
    /// A row-major matrix as a factor of a product.
    private struct Factor {
        var values: [Double]
        /// The length of a row.
        var stride: Int
        var isTransposed = false

        func view(_ start: UnsafePointer<Double>) -> MatrixView<Double> {
            MatrixView(start, rowStride: stride, transposed: isTransposed)
        }
    }

    /// `left right` for left `[rows, inner]` and right `[inner, columns]`.
    static func product(
        _ left: [Double],
        rows: Int,
        inner: Int,
        _ right: [Double],
        columns: Int
    ) -> [Double] {
        multiply(
            Factor(values: left, stride: inner),
            Factor(values: right, stride: columns),
            rows: rows,
            columns: columns,
            inner: inner
        )
    }

    /// `left' right` for left `[rows, leftColumns]` and right `[rows, rightColumns]`.
    static func transposedProduct(
        _ left: [Double],
        columns leftColumns: Int,
        _ right: [Double],
        columns rightColumns: Int,
        rows: Int
    ) -> [Double] {
        multiply(
            Factor(values: left, stride: leftColumns, isTransposed: true),
            Factor(values: right, stride: rightColumns),
            rows: leftColumns,
            columns: rightColumns,
            inner: rows
        )
    }

    /// `left right'` for left `[rows, inner]` and right `[columns, inner]`.
    static func productTransposed(
        _ left: [Double],
        rows: Int,
        inner: Int,
        _ right: [Double],
        columns: Int
    ) -> [Double] {
        multiply(
            Factor(values: left, stride: inner),
            Factor(values: right, stride: inner, isTransposed: true),
            rows: rows,
            columns: columns,
            inner: inner
        )
    }

    /// `matrix sides` for sides `[size, columns]`, in strips on all threads.
    static func product(_ matrix: SquareMatrix, _ sides: [Double], columns: Int) -> [Double] {
        var result = [Double](repeating: 0, count: sides.count)
        multiply(
            Factor(values: matrix.values, stride: matrix.size),
            Factor(values: sides, stride: columns),
            Lengths(rows: matrix.size, columns: columns, inner: matrix.size),
            strip: 64,
            into: &result
        )
        return result
    }

    /// `target -= left' right` for left `[k, rows]` and right `[k, columns]`, in strips on all threads.
    static func subtract(
        _ left: [Double],
        _ right: [Double],
        rows: Int,
        columns: Int,
        from target: inout [Double]
    ) {
        multiply(
            Factor(values: left.map { -$0 }, stride: rows, isTransposed: true),
            Factor(values: right, stride: columns),
            Lengths(rows: rows, columns: columns, inner: left.count / max(rows, 1)),
            strip: 128,
            adding: true,
            into: &target
        )
    }

    private static func multiply(
        _ left: Factor,
        _ right: Factor,
        rows: Int,
        columns: Int,
        inner: Int
    ) -> [Double] {
        var result = [Double](repeating: 0, count: rows * columns)
        let lengths = Lengths(rows: rows, columns: columns, inner: inner)
        multiply(left, right, lengths, strip: rows, into: &result)
        return result
    }

    /// The lengths of a product: `[rows, inner] [inner, columns]`.
    private struct Lengths {
        var rows: Int
        var columns: Int
        var inner: Int
    }

    /// Writes or adds a product, a strip of rows at a time.
    private static func multiply(
        _ left: Factor,
        _ right: Factor,
        _ lengths: Lengths,
        strip: Int,
        adding: Bool = false,
        into target: inout [Double]
    ) {
        let strips = chunks(of: strip, covering: lengths.rows)
        left.values.withUnsafeBufferPointer { lefts in
            right.values.withUnsafeBufferPointer { rights in
                target.withUnsafeMutableBufferPointer { result in
                    guard let first = lefts.baseAddress, let second = rights.baseAddress,
                        let result = result.baseAddress
                    else { return }
                    ThreadPool.shared.forEach(strips.count) { strip in
                        let row = strips[strip].lowerBound
                        MatrixProduct.multiply(
                            rows: strips[strip].count,
                            columns: lengths.columns,
                            inner: lengths.inner,
                            left: left.view(first + (left.isTransposed ? row : row * left.stride)),
                            right: right.view(second),
                            into: result + row * lengths.columns,
                            rowStride: lengths.columns,
                            adding: adding
                        )
                    }
                }
            }
        }
    }
}
