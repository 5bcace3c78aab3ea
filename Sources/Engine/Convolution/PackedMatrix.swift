import CKernels
import Tensors

/// The right side of products in the kernels' layout: blocks of columns, each [inner][lane].
enum PackedMatrix {
    /// Floats of a packed matrix.
    static func size(inner: Int, columns: Int, kernels: VectorKernels) -> Int {
        inner * (columns + kernels.lanes - 1) / kernels.lanes * kernels.lanes
            + inner * kernels.lanes
    }

    /// Packs `source`, whose element (i, j) is at `i * innerStep + j * columnStep`, on all threads.
    static func pack(
        _ source: UnsafePointer<Float>,
        innerStep: Int,
        columnStep: Int,
        inner: Int,
        columns: Int,
        kernels: VectorKernels,
        into result: UnsafeMutablePointer<Float>
    ) {
        let pieces = chunks(of: 4 * kernels.lanes, covering: columns)
        ThreadPool.shared.forEach(pieces.count) { piece in
            let first = pieces[piece].lowerBound
            kernels.table.pointee.pack(
                source + first * columnStep,
                innerStep,
                columnStep,
                Int32(inner),
                Int32(pieces[piece].count),
                result + first * inner
            )
        }
    }
}

extension espalier_product {
    /// A product of row-major sides: left [rows, inner], packed right, result [rows, columns].
    init(
        rows: Int,
        columns: Int,
        inner: Int,
        left: UnsafePointer<Float>,
        leftStride: Int,
        packed right: UnsafePointer<Float>,
        result: UnsafeMutablePointer<Float>,
        resultStride: Int,
        adds: Bool = false,
        kernels: VectorKernels,
        finish: UnsafePointer<espalier_finish>? = nil
    ) {
        self.init(
            rows: Int32(rows),
            columns: Int32(columns),
            inner: Int32(inner),
            left: left,
            left_row: leftStride,
            left_block: kernels.lanes,
            right: right,
            right_row: 0,
            right_block: inner * kernels.lanes,
            result: result,
            result_row: resultStride,
            result_block: kernels.lanes,
            adds: adds ? 1 : 0,
            is_padded: 0,
            finish: finish
        )
    }

    /// The outer form: left [inner, rows], right [inner, columns], both row-major, result [rows, columns].
    init(
        rows: Int,
        columns: Int,
        inner: Int,
        left: UnsafePointer<Float>,
        leftStride: Int,
        right: UnsafePointer<Float>,
        rightStride: Int,
        sum result: UnsafeMutablePointer<Float>,
        resultStride: Int,
        adds: Bool,
        kernels: VectorKernels
    ) {
        self.init(
            rows: Int32(rows),
            columns: Int32(columns),
            inner: Int32(inner),
            left: left,
            left_row: leftStride,
            left_block: kernels.lanes,
            right: right,
            right_row: rightStride,
            right_block: kernels.lanes,
            result: result,
            result_row: resultStride,
            result_block: kernels.lanes,
            adds: adds ? 1 : 0,
            is_padded: 0,
            finish: nil
        )
    }
}
