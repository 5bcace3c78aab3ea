import CKernels

/// A dense row-major array of 32-bit floats with value semantics; the last axis is the channel axis.
public struct Tensor: Sendable, Equatable {
    /// The lengths of the axes.
    public private(set) var shape: Shape
    /// The elements in row-major order, `shape.count` of them.
    public private(set) var values: [Float]

    /// Makes a tensor from its elements, of which there must be `shape.count`.
    public init(_ shape: Shape, values: [Float]) {
        precondition(values.count == shape.count, "\(values.count) values for shape \(shape)")
        self.shape = shape
        self.values = values
    }

    /// Makes a tensor of one repeated value.
    public init(_ shape: Shape, repeating value: Float = 0) {
        self.shape = shape
        values = [Float](repeating: value, count: shape.count)
    }

    /// Makes a tensor whose elements the closure writes, all of them; what it leaves unwritten is undefined.
    public init(
        _ shape: Shape,
        unsafeUninitialized fill: (UnsafeMutableBufferPointer<Float>) -> Void
    ) {
        let count = shape.count
        self.shape = shape
        values = [Float](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            if let start = buffer.baseAddress {
                espalier_prefer_large_pages(start, count * MemoryLayout<Float>.stride)
            }
            fill(UnsafeMutableBufferPointer(rebasing: buffer[0..<count]))
            initializedCount = count
        }
    }

    /// The number of elements.
    public var count: Int { values.count }

    /// The element at a row-major position.
    public subscript(position: Int) -> Float {
        get { values[position] }
        set { values[position] = newValue }
    }

    /// The same elements under another shape of equal count.
    public func reshaped(_ shape: Shape) -> Tensor {
        Tensor(shape, values: values)
    }

    /// Lends the elements for reading.
    public func withUnsafePointer<Result>(
        _ body: (UnsafePointer<Float>) throws -> Result
    ) rethrows
        -> Result
    {
        try values.withUnsafeBufferPointer { buffer in
            try body(buffer.baseAddress ?? UnsafePointer(Self.emptyStorage))
        }
    }

    /// Lends the elements for writing in place.
    public mutating func withUnsafeMutablePointer<Result>(
        _ body: (UnsafeMutablePointer<Float>) throws -> Result
    ) rethrows -> Result {
        try values.withUnsafeMutableBufferPointer { buffer in
            try body(buffer.baseAddress ?? Self.emptyStorage)
        }
    }

    /// A valid address for tensors without elements.
    private nonisolated(unsafe) static let emptyStorage = UnsafeMutablePointer<Float>.allocate(
        capacity: 1
    )
}

extension Tensor {
    /// Rows `range` of the first axis, as a tensor of its own.
    public func rows(_ range: Range<Int>) -> Tensor {
        let stride = shape.withoutBatch.count
        var dimensions = shape.dimensions
        dimensions[0] = range.count
        return Tensor(
            Shape(dimensions),
            values: Array(values[range.lowerBound * stride..<range.upperBound * stride])
        )
    }

    /// The slices of one axis at the given positions, in that order, as a tensor of its own.
    ///
    /// Used by surgery: `kernel.selecting([0, 2], axis: 3)` keeps two filters.
    public func selecting(_ indices: [Int], axis: Int) -> Tensor {
        let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
        let outer = shape.dimensions[..<axis].reduce(1, *)
        var dimensions = shape.dimensions
        dimensions[axis] = indices.count
        var result: [Float] = []
        result.reserveCapacity(outer * indices.count * inner)
        for block in 0..<outer {
            for index in indices {
                let start = (block * shape[axis] + index) * inner
                result.append(contentsOf: values[start..<start + inner])
            }
        }
        return Tensor(Shape(dimensions), values: result)
    }

    /// The largest absolute difference between two tensors of equal shape; NaN where either holds a NaN.
    public func largestDifference(from other: Tensor) -> Float {
        precondition(shape == other.shape, "shapes \(shape) and \(other.shape)")
        var largest: Float = 0
        for (mine, theirs) in zip(values, other.values) {
            let difference = abs(mine - theirs)
            if difference.isNaN { return .nan }
            largest = max(largest, difference)
        }
        return largest
    }

    /// Whether every element is a finite number.
    public var isFinite: Bool { values.allSatisfy(\.isFinite) }
}
