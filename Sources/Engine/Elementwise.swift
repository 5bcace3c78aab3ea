import CKernels
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

/// The sum of two tensors of equal shape.
func sum(_ left: Tensor, _ right: Tensor) -> Tensor {
    let table = VectorKernels.current.table
    return left.withUnsafePointer { left in
        right.withUnsafePointer { values in
            elementwise(right.shape) { range, result in
                let first = range.lowerBound
                table.pointee.add(left + first, values + first, range.count, result + first)
            }
        }
    }
}

/// Adds a tensor of equal shape in place.
func accumulate(_ addend: Tensor, into total: inout Tensor) {
    let table = VectorKernels.current.table
    let pieces = chunks(of: 1 << 15, covering: total.count)
    addend.withUnsafePointer { addend in
        total.withUnsafeMutablePointer { total in
            ThreadPool.shared.forEach(pieces.count) { piece in
                let (first, count) = (pieces[piece].lowerBound, pieces[piece].count)
                table.pointee.add(total + first, addend + first, count, total + first)
            }
        }
    }
}

/// Adds a tensor to a sum in place; the first one is the sum.
func accumulate(_ addend: Tensor, into total: inout Tensor?) {
    guard var sum = total else {
        total = addend
        return
    }
    // Two owners of the sum would make it be copied.
    total = nil
    accumulate(addend, into: &sum)
    total = sum
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

/// Makes a tensor that the closure writes, all of it.
func written(_ shape: Shape, _ body: (UnsafeMutablePointer<Float>) -> Void) -> Tensor {
    Tensor(
        shape,
        unsafeUninitialized: { buffer in
            if let start = buffer.baseAddress { body(start) }
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
    return partialSums(shape, parts: parts, scratch: 0) { part, _, sum in
        sum.initialize(repeating: 0, count: shape.count)
        body(part, sum)
    }
}

/// The sum of what each part writes, added in the order of the parts: the same bytes for any number of threads.
///
/// - Parameters:
///   - shape: The shape of the sum.
///   - parts: The parts; they must not depend on the number of threads.
///   - scratch: Floats of working memory that each part is lent.
///   - body: Writes one part's share, all of it, to the last address.
/// - Returns: The sum.
func partialSums(
    _ shape: Shape,
    parts: [Range<Int>],
    scratch: Int,
    _ body: (Range<Int>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
) -> Tensor {
    let count = shape.count
    return withBuffer(count * max(parts.count, 1)) { partial in
        ThreadPool.shared.forEach(parts.count, scratch: scratch) { part, scratch in
            body(parts[part], scratch, partial + part * count)
        }
        return elementwise(shape) { range, result in
            for position in range { result[position] = partial[position] }
            for part in 1..<max(parts.count, 1) {
                let own = partial + part * count
                for position in range { result[position] += own[position] }
            }
        }
    }
}

/// Sums rows channel by channel in Float64: `body(row values)` adds to the sums of one piece, pieces in fixed order.
///
/// - Parameters:
///   - rows: The rows, shared out in pieces of 1024.
///   - width: The number of sums.
///   - body: Adds the given rows to the sums.
/// - Returns: The sums, `width` of them.
func rowSums(
    rows: Int,
    width: Int,
    _ body: (Range<Int>, UnsafeMutablePointer<Double>) -> Void
) -> [Double] {
    let pieces = chunks(of: 1024, covering: rows)
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
    let table = VectorKernels.current.table
    let padded = VectorKernels.current.padded(width)
    let sums = tensor.withUnsafePointer { values in
        rowSums(rows: tensor.count / max(width, 1), width: padded) { rows, sums in
            let start = values + rows.lowerBound * width
            table.pointee.channel_sums(start, Int32(rows.count), Int32(width), sums)
        }
    }
    return Array(sums[..<width])
}
