import Tensors

/// Makes a tensor piece by piece on all threads; the closure writes positions `range` of the result.
func elementwise(
    _ shape: Shape,
    _ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
) -> Tensor {
    Tensor(
        shape,
        unsafeUninitialized: { buffer in
            guard let result = buffer.baseAddress else { return }
            let pieces = chunks(of: 1 << 15, covering: buffer.count)
            ThreadPool.shared.forEach(pieces.count) { body(pieces[$0], result) }
        }
    )
}

/// A function of every element of a tensor; inlined, so that the function is part of the loop.
@inline(__always)
func mapped(_ input: Tensor, _ function: (Float) -> Float) -> Tensor {
    input.withUnsafePointer { values in
        elementwise(input.shape) { range, result in
            for position in range { result[position] = function(values[position]) }
        }
    }
}

/// A function of the elements of two tensors of equal shape, position by position.
@inline(__always)
func zipped(_ left: Tensor, _ right: Tensor, _ function: (Float, Float) -> Float) -> Tensor {
    left.withUnsafePointer { left in
        right.withUnsafePointer { values in
            elementwise(right.shape) { range, result in
                for position in range {
                    result[position] = function(left[position], values[position])
                }
            }
        }
    }
}

/// Makes a tensor image by image on all threads; the closure writes everything from the given address.
func imagewise(
    _ shape: Shape,
    _ body: (Int, UnsafeMutablePointer<Float>) -> Void
) -> Tensor {
    Tensor(
        shape,
        unsafeUninitialized: { buffer in
            guard let result = buffer.baseAddress else { return }
            let size = shape.withoutBatch.count
            ThreadPool.shared.forEach(shape[0]) { body($0, result + $0 * size) }
        }
    )
}

/// Sums what each part of the batch adds, in a fixed order of parts: the same bytes for any number of threads.
///
/// - Parameters:
///   - shape: The shape of the sum.
///   - batch: The number of images that are shared out among at most 16 parts.
///   - body: Adds one part's images to a buffer of zeros.
/// - Returns: The sum.
func batchSum(
    _ shape: Shape,
    batch: Int,
    _ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
) -> Tensor {
    let parts = chunks(of: (batch + 15) / 16, covering: batch)
    let count = shape.count
    let partial = UnsafeMutablePointer<Float>.allocate(capacity: count * max(parts.count, 1))
    defer { partial.deallocate() }
    ThreadPool.shared.forEach(parts.count) { part in
        let start = partial + part * count
        start.initialize(repeating: 0, count: count)
        body(parts[part], start)
    }
    return elementwise(shape) { range, result in
        for position in range {
            var sum: Float = 0
            for part in 0..<parts.count { sum += partial[part * count + position] }
            result[position] = sum
        }
    }
}

/// Sums rows channel by channel in Float64: `body(row values)` adds to the sums of one piece, pieces in fixed order.
///
/// - Parameters:
///   - rows: The rows, shared out in pieces of 2048.
///   - width: The number of sums.
///   - body: Adds the given rows to the sums.
/// - Returns: The sums, `width` of them.
func rowSums(
    rows: Int,
    width: Int,
    _ body: (Range<Int>, UnsafeMutablePointer<Double>) -> Void
) -> [Double] {
    let pieces = chunks(of: 2048, covering: rows)
    let partial = UnsafeMutablePointer<Double>.allocate(capacity: width * max(pieces.count, 1))
    defer { partial.deallocate() }
    partial.initialize(repeating: 0, count: width * pieces.count)
    ThreadPool.shared.forEach(pieces.count) { body(pieces[$0], partial + $0 * width) }
    var sums = [Double](repeating: 0, count: width)
    for piece in 0..<pieces.count {
        for column in 0..<width { sums[column] += partial[piece * width + column] }
    }
    return sums
}

/// The sum over all rows of each column of a tensor [..., C].
func columnSums(_ tensor: Tensor) -> [Double] {
    let width = tensor.shape.channels
    return tensor.withUnsafePointer { values in
        rowSums(rows: tensor.count / max(width, 1), width: width) { rows, sums in
            for row in rows {
                let start = values + row * width
                for column in 0..<width { sums[column] += Double(start[column]) }
            }
        }
    }
}
