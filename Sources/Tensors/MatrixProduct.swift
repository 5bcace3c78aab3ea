import COpenBLAS

/// A row-major matrix in somebody else's memory.
public struct MatrixView<Element> {
    /// The first element.
    public var start: UnsafePointer<Element>
    /// Elements from one row to the next.
    public var rowStride: Int
    /// Whether the product uses the transpose.
    public var isTransposed: Bool

    /// Makes a view.
    public init(_ start: UnsafePointer<Element>, rowStride: Int, transposed: Bool = false) {
        self.start = start
        self.rowStride = rowStride
        isTransposed = transposed
    }
}

/// Matrix products by single-threaded BLAS, so that a result depends on its own shape and nothing else.
public enum MatrixProduct {
    /// `result = left right`, or `result += left right`, in 32 bits.
    ///
    /// Shapes: left [rows, inner] and right [inner, columns] after their transposes, result [rows, columns].
    public static func multiply(
        rows: Int,
        columns: Int,
        inner: Int,
        left: MatrixView<Float>,
        right: MatrixView<Float>,
        into result: UnsafeMutablePointer<Float>,
        rowStride: Int,
        adding: Bool = false
    ) {
        guard rows > 0, columns > 0, inner > 0 else { return }
        cblas_sgemm(
            CblasRowMajor,
            left.isTransposed ? CblasTrans : CblasNoTrans,
            right.isTransposed ? CblasTrans : CblasNoTrans,
            numericCast(rows),
            numericCast(columns),
            numericCast(inner),
            1,
            left.start,
            numericCast(left.rowStride),
            right.start,
            numericCast(right.rowStride),
            adding ? 1 : 0,
            result,
            numericCast(rowStride)
        )
    }

    /// `result = left right`, or `result += left right`, in 64 bits.
    ///
    /// Shapes: left [rows, inner] and right [inner, columns] after their transposes, result [rows, columns].
    public static func multiply(
        rows: Int,
        columns: Int,
        inner: Int,
        left: MatrixView<Double>,
        right: MatrixView<Double>,
        into result: UnsafeMutablePointer<Double>,
        rowStride: Int,
        adding: Bool = false
    ) {
        guard rows > 0, columns > 0, inner > 0 else { return }
        cblas_dgemm(
            CblasRowMajor,
            left.isTransposed ? CblasTrans : CblasNoTrans,
            right.isTransposed ? CblasTrans : CblasNoTrans,
            numericCast(rows),
            numericCast(columns),
            numericCast(inner),
            1,
            left.start,
            numericCast(left.rowStride),
            right.start,
            numericCast(right.rowStride),
            adding ? 1 : 0,
            result,
            numericCast(rowStride)
        )
    }

    /// The name of the processor kernels OpenBLAS runs: equal bytes are promised for equal names.
    public static var kernelName: String { String(cString: openblas_get_corename()) }
}
