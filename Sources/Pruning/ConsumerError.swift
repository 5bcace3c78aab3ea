import Engine
import Graph
import Tensors

/// One consumer's part of a group's objective.
struct ConsumerError {
    /// With the weights as they are (METHODS identity 1).
    private(set) var raw: SquareMatrix
    /// With the means folded into the bias (identity 2).
    private(set) var centred: SquareMatrix
    /// The variance of the consumer's output, `tr(W' S W)`.
    var variance: Double { centred.values.reduce(0, +) }

    /// Forms `phi_j = X[:, P_j] W[P_j, :]` for a block of rows at a time and adds its Gram matrix (identity 4).
    ///
    /// With all rows this equals `blocksum(S o W W')` and needs no D x D matrix.
    init(rows: PatchRows, kernel: Tensor, axis: Int, _ slice: WeightSlice) {
        let contribution = UnitContribution(rows: rows, kernel: kernel, axis: axis, slice)
        let (units, width) = (contribution.columns.count, contribution.width)
        let pieces = chunks(of: 64, covering: rows.count)
        let partials = ConsumerPartials(count: pieces.count)
        ThreadPool.shared.forEach(pieces.count) { piece in
            let (gram, sums) = contribution.moments(of: pieces[piece])
            partials.store(piece, gram: gram, sums: sums)
        }
        var gram = [Double](repeating: 0, count: units * units)
        var sums = [Double](repeating: 0, count: units * width)
        for piece in pieces.indices {
            let part = partials.load(piece)
            for index in gram.indices { gram[index] += part.gram[index] }
            for index in sums.indices { sums[index] += part.sums[index] }
        }
        let count = Double(rows.count)
        raw = SquareMatrix(size: units, values: gram.map { $0 / count })
        centred = raw
        let means = sums.map { $0 / count }
        for row in 0..<units {
            for column in 0..<units {
                let product = (0..<width).reduce(0) {
                    $0 + means[row * width + $1] * means[column * width + $1]
                }
                centred[row, column] -= product
            }
        }
    }
}

/// What each unit adds to a consumer's outputs, row by row.
private struct UnitContribution: Sendable {
    /// For each unit, the columns of a row that are its own.
    let columns: [[Int]]
    /// The consumer's outputs.
    let width: Int
    private let rows: PatchRows
    private let weights: [Double]

    init(rows: PatchRows, kernel: Tensor, axis: Int, _ slice: WeightSlice) {
        self.rows = rows
        width = kernel.shape.channels
        weights = kernel.values.map(Double.init)
        let taps = axis == 2 ? kernel.shape[0] * kernel.shape[1] : 1
        let channels = kernel.shape[axis]
        columns = slice.positions.map { positions in
            (0..<taps).flatMap { tap in positions.map { tap * channels + $0 } }
        }
    }

    /// The Gram matrix `[units, units]` of the contributions of some rows, and their sums `[units, width]`.
    func moments(of range: Range<Int>) -> (gram: [Double], sums: [Double]) {
        let (units, length) = (columns.count, range.count * width)
        var features = [Double](repeating: 0, count: units * length)
        var sums = [Double](repeating: 0, count: units * width)
        for (offset, row) in range.enumerated() {
            for unit in 0..<units {
                let at = unit * length + offset * width
                for column in columns[unit] {
                    let value = rows.values[row * rows.depth + column]
                    guard value != 0 else { continue }
                    for output in 0..<width {
                        features[at + output] += value * weights[column * width + output]
                    }
                }
                for output in 0..<width { sums[unit * width + output] += features[at + output] }
            }
        }
        var gram = [Double](repeating: 0, count: units * units)
        features.withUnsafeBufferPointer { features in
            gram.withUnsafeMutableBufferPointer { result in
                guard let start = features.baseAddress, let result = result.baseAddress
                else { return }
                MatrixProduct.multiply(
                    rows: units,
                    columns: units,
                    inner: length,
                    left: MatrixView(start, rowStride: length),
                    right: MatrixView(start, rowStride: length, transposed: true),
                    into: result,
                    rowStride: units
                )
            }
        }
        return (gram, sums)
    }
}

/// Results of pieces that threads finish in any order, read in order.
private final class ConsumerPartials: @unchecked Sendable {
    private let parts: UnsafeMutablePointer<(gram: [Double], sums: [Double])>
    private let count: Int

    init(count: Int) {
        self.count = count
        parts = .allocate(capacity: max(count, 1))
        parts.initialize(repeating: ([], []), count: count)
    }

    func store(_ piece: Int, gram: [Double], sums: [Double]) { parts[piece] = (gram, sums) }

    func load(_ piece: Int) -> (gram: [Double], sums: [Double]) { parts[piece] }

    deinit {
        parts.deinitialize(count: count)
        parts.deallocate()
    }
}
