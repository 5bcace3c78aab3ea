import Tensors

/// The layer-wise error of removing a set of units, `E(r) = r' G r`: exact for a linear layer (METHODS section 0).
public struct QuadraticObjective: Sendable, Equatable {
    /// G: symmetric, positive semidefinite, one row per unit.
    public let matrix: SquareMatrix

    /// Makes an objective.
    public init(_ matrix: SquareMatrix) {
        self.matrix = matrix
    }

    /// The number of units.
    public var size: Int { matrix.size }

    /// E of removing the given units.
    public func energy(removing removed: [Int]) -> Double {
        removed.reduce(0) { sum, row in removed.reduce(sum) { $0 + matrix[row, $1] } }
    }

    /// E of every genome of a population by one matrix product: `sum_j (R G)_pj R_pj`.
    ///
    /// - Parameters:
    ///   - population: `[P, size]` row-major, 1 where a unit is removed.
    ///   - count: P.
    /// - Returns: P energies.
    public func energies(of population: [Double], count: Int) -> [Double] {
        var product = [Double](repeating: 0, count: count * size)
        population.withUnsafeBufferPointer { genomes in
            matrix.values.withUnsafeBufferPointer { values in
                product.withUnsafeMutableBufferPointer { result in
                    guard let genomes = genomes.baseAddress, let values = values.baseAddress,
                        let result = result.baseAddress
                    else { return }
                    MatrixProduct.multiply(
                        rows: count,
                        columns: size,
                        inner: size,
                        left: MatrixView(genomes, rowStride: size),
                        right: MatrixView(values, rowStride: size),
                        into: result,
                        rowStride: size
                    )
                }
            }
        }
        return (0..<count).map { genome in
            (genome * size..<(genome + 1) * size).reduce(0) { $0 + product[$1] * population[$1] }
        }
    }

    /// `G r` for the given removed units: what incremental changes of E are read from.
    public func gradient(removing removed: [Int]) -> [Double] {
        (0..<size).map { row in removed.reduce(0) { $0 + matrix[row, $1] } }
    }

    /// All units in the order greedy removal takes them: each time the one with the smallest `2 g_i + G_ii`.
    public func greedyOrder() -> [Int] {
        var gradient = [Double](repeating: 0, count: size)
        var kept = Array(0..<size)
        var order: [Int] = []
        while !kept.isEmpty {
            var best = 0
            var smallest = Double.infinity
            for (position, unit) in kept.enumerated() {
                let rise = 2 * gradient[unit] + matrix[unit, unit]
                if rise < smallest { (smallest, best) = (rise, position) }
            }
            let unit = kept.remove(at: best)
            order.append(unit)
            for row in 0..<size { gradient[row] += matrix[row, unit] }
        }
        return order
    }

    /// Steepest descent over exchanges of one removed and one kept unit, until none lowers E.
    ///
    /// `dE = -2 g_i + G_ii + 2 g_j + G_jj - 2 G_ij` when i returns and j goes (METHODS 1.4).
    public func swapped(_ removed: [Int]) -> [Int] {
        var isRemoved = [Bool](repeating: false, count: size)
        for unit in removed { isRemoved[unit] = true }
        var gradient = gradient(removing: removed)
        let tolerance = 1e-12 * max(matrix.trace, .leastNormalMagnitude)
        while let swap = bestSwap(isRemoved, gradient: gradient), swap.change < -tolerance {
            isRemoved[swap.returning] = false
            isRemoved[swap.going] = true
            for row in 0..<size {
                gradient[row] += matrix[row, swap.going] - matrix[row, swap.returning]
            }
        }
        return isRemoved.indices.filter { isRemoved[$0] }
    }

    private func bestSwap(
        _ isRemoved: [Bool],
        gradient: [Double]
    ) -> (returning: Int, going: Int, change: Double)? {
        var best: (returning: Int, going: Int, change: Double)?
        for returning in 0..<size where isRemoved[returning] {
            let fall = matrix[returning, returning] - 2 * gradient[returning]
            for going in 0..<size where !isRemoved[going] {
                let change =
                    fall + 2 * gradient[going] + matrix[going, going]
                    - 2 * matrix[returning, going]
                if change < best?.change ?? .infinity { best = (returning, going, change) }
            }
        }
        return best
    }

    /// The units with the smallest diagonal.
    public func diagonalChoice(_ count: Int) -> [Int] {
        let order = (0..<size).sorted {
            (matrix[$0, $0], $0) < (matrix[$1, $1], $1)
        }
        return order.prefix(count).sorted()
    }

    /// The removal of `count` units with the smallest E, by trying all; nil where there are more than 200,000 ways.
    public func optimum(removing count: Int) -> [Int]? {
        var ways = 1.0
        for step in 0..<min(count, size - count) { ways *= Double(size - step) / Double(step + 1) }
        guard ways <= 200_000 else { return nil }
        var best: [Int] = []
        var smallest = Double.infinity
        var chosen: [Int] = []
        func extend(from first: Int, energy: Double) {
            if chosen.count == count {
                if energy < smallest { (smallest, best) = (energy, chosen) }
                return
            }
            for unit in first..<max(first, size - (count - chosen.count) + 1) {
                let rise = chosen.reduce(matrix[unit, unit]) { $0 + 2 * matrix[unit, $1] }
                chosen.append(unit)
                extend(from: unit + 1, energy: energy + rise)
                chosen.removeLast()
            }
        }
        extend(from: 0, energy: 0)
        return best
    }
}
