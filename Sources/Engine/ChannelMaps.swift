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
func forEachRows(of shape: Shape, _ body: (Range<Int>) -> Void) {
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

/// Lends the elements of a tensor that may be missing.
func withPointer<Result>(
    to tensor: Tensor?,
    _ body: (UnsafePointer<Float>?) -> Result
) -> Result {
    guard let tensor else { return body(nil) }
    return tensor.withUnsafePointer { body($0) }
}
