import CKernels
import Tensors

/// Coefficients per channel, repeated until they fill whole vectors, so that maps walk along memory without rows.
struct RepeatedChannels {
    let values: [Float]

    init(_ channels: [Float], kernels: VectorKernels) {
        let period = Self.period(of: channels.count, kernels: kernels)
        values = [Float](unsafeUninitializedCapacity: period) { buffer, count in
            for position in 0..<period { buffer[position] = channels[position % channels.count] }
            count = period
        }
    }

    /// The shortest multiple of whole channels and whole vectors that is worth a loop.
    static func period(of channels: Int, kernels: VectorKernels) -> Int {
        let unit = channels % kernels.lanes == 0 ? channels : channels * kernels.lanes
        return unit * max(1, 512 / unit)
    }
}

/// Makes a tensor [..., C] in pieces of whole rows on all threads; the closure writes elements `range` of it.
private func rowwise(
    _ shape: Shape,
    _ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
) -> Tensor {
    written(shape) { result in forEachRows(of: shape) { body($0, result) } }
}

/// Shares out the elements of a tensor [..., C] in pieces of whole rows.
private func forEachRows(of shape: Shape, _ body: (Range<Int>) -> Void) {
    let width = shape.channels
    let pieces = chunks(of: max(1, (1 << 15) / width), covering: shape.count / width)
    ThreadPool.shared.forEach(pieces.count) { piece in
        body(pieces[piece].lowerBound * width..<pieces[piece].upperBound * width)
    }
}

/// `x * scale + offset` per channel, plus an addend of the same shape, then cut off.
func linear(
    _ input: Tensor,
    _ map: ChannelMap,
    addend: Tensor? = nil,
    clip: Clip = .none
) -> Tensor {
    let kernels = VectorKernels.current
    let (scale, offset) = (
        RepeatedChannels(map.scale, kernels: kernels).values,
        RepeatedChannels(map.offset, kernels: kernels).values
    )
    return input.withUnsafePointer { values in
        withPointer(to: addend) { addend in
            rowwise(input.shape) { range, result in
                let first = range.lowerBound
                kernels.table.pointee.channel_linear(
                    values + first,
                    scale,
                    offset,
                    addend.map { $0 + first },
                    clip.low,
                    clip.high,
                    scale.count,
                    range.count,
                    result + first
                )
            }
        }
    }
}

/// The output of a rectifier, whose gradient passes where it is above zero and below the ceiling.
struct Rectifier {
    let output: Tensor
    let ceiling: Float

    /// Lets a gradient pass, in its own place where nobody else owns it.
    func pass(_ gradient: inout Tensor) {
        let table = VectorKernels.current.table
        let ceiling = ceiling
        output.withUnsafePointer { output in
            gradient.withUnsafeMutablePointer { gradient in
                forEachRows(of: self.output.shape) { range in
                    let (first, count) = (range.lowerBound, range.count)
                    let own = gradient + first
                    table.pointee.rectify_gradient(own, output + first, ceiling, count, own)
                }
            }
        }
    }
}

/// `gradient * a + value * b + c` per channel, the gradient having passed a rectifier first where there is one.
struct ChannelCombination {
    let onGradient: [Float]
    let onValue: [Float]
    let constant: [Float]

    /// The combination as a tensor of its own.
    func applied(_ gradient: Tensor, _ value: Tensor, passing rectifier: Rectifier?) -> Tensor {
        gradient.withUnsafePointer { gradient in
            written(value.shape) { write(gradient, value, passing: rectifier, into: $0) }
        }
    }

    /// The combination in the place of the gradient.
    func apply(to gradient: inout Tensor, _ value: Tensor, passing rectifier: Rectifier?) {
        gradient.withUnsafeMutablePointer { write($0, value, passing: rectifier, into: $0) }
    }

    private func write(
        _ gradient: UnsafePointer<Float>,
        _ value: Tensor,
        passing rectifier: Rectifier?,
        into result: UnsafeMutablePointer<Float>
    ) {
        let kernels = VectorKernels.current
        let repeated = [onGradient, onValue, constant].map {
            RepeatedChannels($0, kernels: kernels).values
        }
        value.withUnsafePointer { values in
            withPointer(to: rectifier?.output) { output in
                forEachRows(of: value.shape) { range in
                    let start = range.lowerBound
                    kernels.table.pointee.channel_combination(
                        gradient + start,
                        output.map { $0 + start },
                        rectifier?.ceiling ?? .infinity,
                        values + start,
                        repeated[0],
                        repeated[1],
                        repeated[2],
                        repeated[0].count,
                        range.count,
                        result + start
                    )
                }
            }
        }
    }
}

/// The sums of `dy` and of `dy (x - center)` over all rows, each [C]; `dy` passes a rectifier first where there is one.
func productSums(
    _ gradient: Tensor,
    _ input: Tensor,
    passing rectifier: Rectifier?,
    center: [Float]
) -> (gradients: [Double], products: [Double]) {
    let kernels = VectorKernels.current
    let width = gradient.shape.channels
    let padded = kernels.padded(width)
    let sums = gradient.withUnsafePointer { gradients in
        input.withUnsafePointer { values in
            withPointer(to: rectifier?.output) { output in
                rowSums(rows: gradient.count / width, width: 2 * padded) { rows, sums in
                    let start = rows.lowerBound * width
                    kernels.table.pointee.channel_products(
                        gradients + start,
                        output.map { $0 + start },
                        rectifier?.ceiling ?? .infinity,
                        values + start,
                        Int32(rows.count),
                        Int32(width),
                        center,
                        sums,
                        sums + padded
                    )
                }
            }
        }
    }
    return (Array(sums[..<width]), Array(sums[padded..<padded + width]))
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
private func roughMeans(_ values: UnsafePointer<Float>, rows: Int, width: Int) -> [Float] {
    let step = max(rows / 64, 1)
    var sums = [Double](repeating: 0, count: width)
    var count = 0.0
    for row in stride(from: 0, to: rows, by: step) {
        count += 1
        for column in 0..<width { sums[column] += Double(values[row * width + column]) }
    }
    return sums.map { Float($0 / count) }
}

/// Lends the elements of a tensor that may be missing.
func withPointer<Result>(
    to tensor: Tensor?,
    _ body: (UnsafePointer<Float>?) -> Result
) -> Result {
    guard let tensor else { return body(nil) }
    return tensor.withUnsafePointer { body($0) }
}
