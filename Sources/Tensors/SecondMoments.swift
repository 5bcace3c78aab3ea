import CKernels

/// Sums of columns and of their products over rows, in Float64 and on all threads.
///
/// Columns are packed in panels of a vector; what a thread adds depends on the panel alone, so sums are the same bytes for
/// any number of threads.
public struct SecondMoments: Sendable {
    /// The columns of a row.
    public let columns: Int
    /// The first columns, whose products with all others are summed.
    public let factors: Int
    private let kernels: VectorKernels
    private let stride: Int
    /// Padded to whole panels, as the products are.
    private var sums: [Double]
    /// `[factors, columns]`; only what lies right of the diagonal's panel is filled.
    private var products: [Double]

    /// Rows that are packed and multiplied together, so that their panels stay in the second cache.
    private static let rowsTogether = 192

    /// Makes empty sums.
    public init(columns: Int, factors: Int) {
        self.columns = columns
        self.factors = factors
        kernels = .current
        let lanes = kernels.lanes / 2
        stride = (columns + lanes - 1) / lanes * lanes
        sums = [Double](repeating: 0, count: stride)
        products = [Double](repeating: 0, count: (factors + lanes - 1) / lanes * lanes * stride)
    }

    /// The sum of a column.
    public func sum(_ column: Int) -> Double { sums[column] }

    /// The sum of the products of one of the factors and a column at or behind it.
    public func product(_ factor: Int, _ column: Int) -> Double {
        products[factor * stride + column]
    }

    /// Adds rows `[count, columns]`, row-major, less an origin `[columns]`.
    public mutating func add(_ rows: [Double], origin: [Double]) {
        precondition(origin.count == columns, "one origin per column")
        rows.withUnsafeBufferPointer { rows in
            origin.withUnsafeBufferPointer { origin in
                guard let start = rows.baseAddress, let origin = origin.baseAddress else { return }
                for range in chunks(of: Self.rowsTogether, covering: rows.count / columns) {
                    add(start + range.lowerBound * columns, count: range.count, origin: origin)
                }
            }
        }
    }

    private mutating func add(
        _ rows: UnsafePointer<Double>,
        count: Int,
        origin: UnsafePointer<Double>
    ) {
        let (table, lanes) = (kernels.table, kernels.lanes / 2)
        let (panels, left, size) = (stride / lanes, (factors + lanes - 1) / lanes, count * lanes)
        let (columns, stride) = (columns, stride)
        withBuffer(2 * panels * size) { buffer in
            let packed = UnsafeMutableRawPointer(buffer).assumingMemoryBound(to: Double.self)
            sums.withUnsafeMutableBufferPointer { sums in
                guard let sums = sums.baseAddress else { return }
                ThreadPool.shared.forEach(panels) { panel in
                    let first = panel * lanes
                    table.pointee.pack_panel(
                        rows + first,
                        columns,
                        Int32(count),
                        Int32(min(lanes, columns - first)),
                        origin + first,
                        packed + panel * size,
                        sums + first
                    )
                }
            }
            products.withUnsafeMutableBufferPointer { products in
                guard let result = products.baseAddress else { return }
                ThreadPool.shared.forEach(left) { panel in
                    table.pointee.multiply_panels(
                        packed + panel * size,
                        Int32(panels - panel),
                        Int32(count),
                        result + panel * lanes * (stride + 1),
                        stride
                    )
                }
            }
        }
    }
}
