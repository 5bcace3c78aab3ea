import Tensors

/// One consumer's part of a group's objective (METHODS section 0, identities 1 and 2).
///
/// `G = blocksum(Cov o W W')`: the sum over each pair of units of the elementwise product. This equals the Gram matrix of
/// the units' contributions over the same rows (identity 4), without forming them.
struct ConsumerError: Sendable {
    /// With the weights as they are.
    private(set) var raw: SquareMatrix
    /// With the means folded into the bias.
    private(set) var centred: SquareMatrix
    /// The variance of the consumer's output, `tr(W' Cov W)`, over all its inputs.
    let variance: Double

    /// Units whose rows of G one thread works out at a time.
    private static let unitsPerPiece = 8

    /// Works G out.
    ///
    /// - Parameters:
    ///   - moments: Of the consumer's input rows.
    ///   - weights: `[D, n]` row-major.
    ///   - outputs: n.
    ///   - columns: For each unit, the columns of a row that are its own.
    init(_ moments: InputMoments, weights: [Double], outputs: Int, columns: [[Int]]) {
        let units = columns.count
        var owner = [Int](repeating: -1, count: moments.mean.count)
        for (unit, own) in columns.enumerated() { for column in own { owner[column] = unit } }
        let pieces = chunks(of: Self.unitsPerPiece, covering: units)
        let parts = ResultsInOrder<(raw: [Double], centred: [Double])>(count: pieces.count)
        ThreadPool.shared.forEach(pieces.count) { piece in
            let own = pieces[piece].flatMap { columns[$0] }
            let part = Self.rows(of: own, moments, weights, outputs, owner, units: units)
            parts.store(piece, part)
        }
        raw = SquareMatrix(size: units)
        centred = raw
        for piece in pieces.indices {
            guard let part = parts.load(piece) else { continue }
            for index in raw.values.indices {
                raw.values[index] += part.raw[index]
                centred.values[index] += part.centred[index]
            }
        }
        Self.symmetrize(&raw)
        Self.symmetrize(&centred)
        variance = moments.variance(of: weights, outputs: outputs)
    }

    private static func rows(
        of own: [Int],
        _ moments: InputMoments,
        _ weights: [Double],
        _ outputs: Int,
        _ owner: [Int],
        units: Int
    ) -> (raw: [Double], centred: [Double]) {
        let depth = owner.count
        let mean = moments.mean
        let covariance = moments.covariance(rows: own)
        let ownWeights = own.flatMap { weights[$0 * outputs..<($0 + 1) * outputs] }
        let products = Matrices.productTransposed(
            ownWeights,
            rows: own.count,
            inner: outputs,
            weights,
            columns: depth
        )
        var raw = [Double](repeating: 0, count: units * units)
        var centred = raw
        for (index, row) in own.enumerated() {
            for column in 0..<depth where owner[column] >= 0 {
                let place = owner[row] * units + owner[column]
                let product = products[index * depth + column]
                let own = covariance[index * depth + column]
                centred[place] += own * product
                raw[place] += (own + mean[row] * mean[column]) * product
            }
        }
        return (raw, centred)
    }

    /// Rounding differs on either side of the diagonal; searches want one value.
    private static func symmetrize(_ matrix: inout SquareMatrix) {
        for row in 0..<matrix.size {
            for column in 0..<row {
                let mean = (matrix[row, column] + matrix[column, row]) / 2
                matrix[row, column] = mean
                matrix[column, row] = mean
            }
        }
    }
}

/// Results of pieces that threads finish in any order, read in order.
final class ResultsInOrder<Result: Sendable>: @unchecked Sendable {
    private let parts: UnsafeMutablePointer<Result?>
    private let count: Int

    init(count: Int) {
        self.count = count
        parts = .allocate(capacity: max(count, 1))
        parts.initialize(repeating: nil, count: count)
    }

    func store(_ piece: Int, _ result: Result) { parts[piece] = result }

    func load(_ piece: Int) -> Result? { parts[piece] }

    deinit {
        parts.deinitialize(count: count)
        parts.deallocate()
    }
}
