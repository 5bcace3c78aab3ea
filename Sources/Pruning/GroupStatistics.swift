import Datasets
import Engine
import Graph
import Tensors

/// The error of removing units of one group, summed over its consumers, each as a share of its own variance.
struct GroupObjective: Sendable {
    /// With the removed channels' means folded into the bias (METHODS identity 2).
    var centred: QuadraticObjective
    /// Without (identity 1).
    var raw: QuadraticObjective
}

/// Gathers the statistics of consumers' inputs over calibration samples (METHODS section 0).
struct GroupStatistics {
    let network: Network
    let samples: SampleSet
    let batchSize: Int

    /// Rows enough for a covariance of this many columns, and no more than needed.
    static func wantedRows(depth: Int) -> Int { max(8 * depth, 8192) }

    /// A covariance with more columns would cost more memory and time than it brings; channels are then sampled.
    static let largestDepth = 4608

    /// The objective of one group, or nil where no consumer has patches.
    func objective(of group: CoupledGroup) -> GroupObjective? {
        var centred = SquareMatrix(size: group.width)
        var raw = SquareMatrix(size: group.width)
        var isMeasured = false
        for slice in group.consumerSlices {
            guard let call = network.nodes.firstIndex(where: { $0.layer == slice.place.layer }),
                let rows = rows(of: call), rows.count > 1
            else { continue }
            let kernel = network.layers[slice.place.layer].weights[slice.place.weight]
            let part = ConsumerError(rows: rows, kernel: kernel, axis: slice.place.axis, slice)
            guard part.variance > 0 else { continue }
            isMeasured = true
            for index in centred.values.indices {
                centred.values[index] += part.centred.values[index] / part.variance
                raw.values[index] += part.raw.values[index] / part.variance
            }
        }
        guard isMeasured else { return nil }
        return GroupObjective(
            centred: QuadraticObjective(centred),
            raw: QuadraticObjective(raw)
        )
    }

    private func rows(of call: Int) -> PatchRows? {
        let shape = network.shapes[call]
        let depth = network.layer(of: call).weights[0].count / max(shape.channels, 1)
        let pixels = shape.count / max(shape.channels, 1) * samples.count
        let step = PatchRows.step(
            toTake: Self.wantedRows(depth: min(depth, 1024)),
            of: pixels
        )
        let input = network.nodes[call].inputs[0]
        let inference = Inference(network)
        var parts: [Tensor] = []
        for range in chunks(of: batchSize, covering: samples.count) {
            let values = inference.values(of: [input], inputs: [samples.batch(Array(range))])
            if let value = values[input] { parts.append(value) }
        }
        let whole = Tensor(
            network.shapes[input].batched(samples.count),
            values: parts.flatMap(\.values)
        )
        return PatchRows(of: network.layer(of: call).kind, input: whole, step: step)
    }
}

/// One consumer's part of a group's objective.
struct ConsumerError {
    private(set) var raw: SquareMatrix
    private(set) var centred: SquareMatrix
    /// The variance of the consumer's output, `tr(W' S W)`.
    private(set) var variance = 0.0

    /// Forms `phi_j = X[:, P_j] W[P_j, :]` for a block of rows at a time and adds its Gram matrix (identity 4).
    ///
    /// With all rows this equals `blocksum(S o W W')` and needs no D x D matrix.
    init(rows: PatchRows, kernel: Tensor, axis: Int, _ slice: WeightSlice) {
        let outputs = kernel.shape.channels
        let weights = kernel.values.map(Double.init)
        let taps = axis == 2 ? kernel.shape[0] * kernel.shape[1] : 1
        let channels = kernel.shape[axis]
        let columns = slice.positions.map { positions in
            (0..<taps).flatMap { tap in positions.map { tap * channels + $0 } }
        }
        let units = columns.count
        let pieces = chunks(of: 64, covering: rows.count)
        let width = outputs
        var sums = [[Double]](repeating: [], count: units)
        var gram = SquareMatrix(size: units)
        let partials = ConsumerPartials(count: pieces.count)
        ThreadPool.shared.forEach(pieces.count) { piece in
            let range = pieces[piece]
            var features = [Double](repeating: 0, count: units * range.count * width)
            var own = [Double](repeating: 0, count: units * width)
            for (offset, row) in range.enumerated() {
                for unit in 0..<units {
                    let at = (unit * range.count + offset) * width
                    for column in columns[unit] {
                        let value = rows.values[row * rows.depth + column]
                        guard value != 0 else { continue }
                        for output in 0..<width {
                            features[at + output] += value * weights[column * width + output]
                        }
                    }
                    for output in 0..<width { own[unit * width + output] += features[at + output] }
                }
            }
            let length = range.count * width
            var block = [Double](repeating: 0, count: units * units)
            features.withUnsafeBufferPointer { features in
                block.withUnsafeMutableBufferPointer { result in
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
            partials.store(piece, gram: block, sums: own)
        }
        var total = [Double](repeating: 0, count: units * width)
        for piece in pieces.indices {
            let (block, own) = partials.load(piece)
            for index in gram.values.indices { gram.values[index] += block[index] }
            for index in total.indices { total[index] += own[index] }
        }
        let count = Double(rows.count)
        for unit in 0..<units {
            sums[unit] = total[unit * width..<(unit + 1) * width].map { $0 / count }
        }
        raw = gram
        centred = gram
        for row in 0..<units {
            for column in 0..<units {
                raw[row, column] = gram[row, column] / count
                let means = zip(sums[row], sums[column]).reduce(0) { $0 + $1.0 * $1.1 }
                centred[row, column] = raw[row, column] - means
            }
        }
        variance = centred.values.reduce(0, +)
    }
}

/// Results of pieces that threads finish in any order, read in order.
private final class ConsumerPartials: @unchecked Sendable {
    private let grams: UnsafeMutablePointer<[Double]>
    private let sums: UnsafeMutablePointer<[Double]>
    private let count: Int

    init(count: Int) {
        self.count = count
        grams = .allocate(capacity: max(count, 1))
        sums = .allocate(capacity: max(count, 1))
        grams.initialize(repeating: [], count: count)
        sums.initialize(repeating: [], count: count)
    }

    func store(_ piece: Int, gram: [Double], sums own: [Double]) {
        grams[piece] = gram
        sums[piece] = own
    }

    func load(_ piece: Int) -> (gram: [Double], sums: [Double]) { (grams[piece], sums[piece]) }

    deinit {
        grams.deinitialize(count: count)
        sums.deinitialize(count: count)
        grams.deallocate()
        sums.deallocate()
    }
}
