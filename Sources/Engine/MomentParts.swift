import CKernels
import Tensors

/// The moments of channels in parts, each around a mean of its own: a layer can sum its output while it is in the cache.
///
/// Source: Chan, Golub, LeVeque 1983, "Algorithms for Computing the Sample Variance", section 2, joining samples.
struct MomentParts: @unchecked Sendable {
    private let kernels: VectorKernels
    private let width: Int
    private let parts: Int
    private let counts: UnsafeMutablePointer<Int>
    private let centers: UnsafeMutablePointer<Float>
    private let sums: UnsafeMutablePointer<Double>

    private var padded: Int { kernels.padded(width) }

    /// Makes parts without values, which ``joined()`` frees.
    init(_ parts: Int, width: Int, kernels: VectorKernels) {
        self.kernels = kernels
        self.width = width
        self.parts = parts
        counts = .allocate(capacity: parts)
        counts.initialize(repeating: 0, count: parts)
        centers = .allocate(capacity: parts * width)
        let length = parts * 2 * kernels.padded(width)
        sums = .allocate(capacity: length)
        sums.initialize(repeating: 0, count: length)
    }

    /// Adds rows [rows, C] to a part; different parts may be added to at the same time.
    func add(_ values: UnsafePointer<Float>, rows: Int, to part: Int) {
        let center = centers + part * width
        if counts[part] == 0 {
            let means = roughMeans(values, rows: rows, width: width)
            center.initialize(from: means, count: width)
        }
        let own = sums + part * 2 * padded
        kernels.table.pointee.channel_moments(
            values,
            Int32(rows),
            Int32(width),
            center,
            own,
            own + padded
        )
        counts[part] += rows
    }

    /// The moments of all rows; the parts are gone afterwards.
    func joined() -> BatchMoments {
        defer {
            counts.deallocate()
            centers.deallocate()
            sums.deallocate()
        }
        let filled = (0..<parts).filter { counts[$0] > 0 }
        let count = filled.reduce(0) { $0 + counts[$1] }
        var result = BatchMoments(count: count, mean: [], variance: [])
        for channel in 0..<width {
            let shifts = filled.map { sums[$0 * 2 * padded + channel] / Double(counts[$0]) }
            let means = zip(filled, shifts).map { Double(centers[$0 * width + channel]) + $1 }
            let mean = zip(filled, means).reduce(0) { $0 + Double(counts[$1.0]) * $1.1 }
            let own = mean / Double(count)
            var squares = 0.0
            for (index, part) in filled.enumerated() {
                let rows = Double(counts[part])
                let distance = means[index] - own
                squares += sums[part * 2 * padded + padded + channel]
                squares += rows * (distance * distance - shifts[index] * shifts[index])
            }
            result.mean.append(own)
            result.variance.append(max(squares / Double(count), 0))
        }
        return result
    }
}

/// The mean and variance of each channel in one pass over memory, around a mean of a few rows.
///
/// Source: Chan, Golub, LeVeque 1983, "Algorithms for Computing the Sample Variance", section 3, shifted data.
func channelMoments(_ input: Tensor) -> BatchMoments {
    let kernels = VectorKernels.current
    let width = input.shape.channels
    let (rows, padded) = (input.count / width, kernels.padded(width))
    return input.withUnsafePointer { values in
        let center = roughMeans(values, rows: rows, width: width)
        let sums = rowSums(rows: rows, width: 2 * padded) { rows, sums in
            kernels.table.pointee.channel_moments(
                values + rows.lowerBound * width,
                Int32(rows.count),
                Int32(width),
                center,
                sums,
                sums + padded
            )
        }
        let count = Double(rows)
        let shifts = (0..<width).map { sums[$0] / count }
        return BatchMoments(
            count: rows,
            mean: (0..<width).map { Double(center[$0]) + shifts[$0] },
            variance: (0..<width).map {
                max(sums[padded + $0] / count - shifts[$0] * shifts[$0], 0)
            }
        )
    }
}

/// The means of at most 64 rows spread over all.
func roughMeans(_ values: UnsafePointer<Float>, rows: Int, width: Int) -> [Float] {
    let step = max(rows / 64, 1)
    var sums = [Double](repeating: 0, count: width)
    var count = 0.0
    for row in stride(from: 0, to: rows, by: step) {
        count += 1
        for column in 0..<width { sums[column] += Double(values[row * width + column]) }
    }
    return sums.map { Float($0 / count) }
}
