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

    /// `R G` for every genome of a population, by one matrix product; `E_p = sum_j (R G)_pj R_pj`.
    ///
    /// - Parameters:
    ///   - population: R, `[P, size]` row-major, 1 where a unit is removed.
    ///   - count: P.
    /// - Returns: `[P, size]` row-major: for each genome, what incremental changes of E are read from.
    public func gradients(of population: [Double], count: Int) -> [Double] {
        Matrices.product(population, rows: count, inner: size, matrix.values, columns: size)
    }

    /// E of every genome of a population `[P, size]`.
    public func energies(of population: [Double], count: Int) -> [Double] {
        let product = gradients(of: population, count: count)
        return (0..<count).map { genome in
            (genome * size..<(genome + 1) * size).reduce(0) { $0 + product[$1] * population[$1] }
        }
    }

    /// `G r` for the given removed units.
    public func gradient(removing removed: [Int]) -> [Double] {
        var gradient = [Double](repeating: 0, count: size)
        for unit in removed { add(unit, times: 1, to: &gradient) }
        return gradient
    }

    /// How E changes when a kept unit goes: `2 g_i + G_ii`.
    @inline(__always)
    public func rise(removing unit: Int, gradient: [Double]) -> Double {
        2 * gradient[unit] + matrix[unit, unit]
    }

    /// How E changes when a removed unit comes back: `G_ii - 2 g_i`.
    @inline(__always)
    public func rise(restoring unit: Int, gradient: [Double]) -> Double {
        matrix[unit, unit] - 2 * gradient[unit]
    }

    /// How E changes when one comes back and another goes: `-2 g_i + G_ii + 2 g_j + G_jj - 2 G_ij` (METHODS 1.4).
    @inline(__always)
    public func rise(restoring back: Int, removing away: Int, gradient: [Double]) -> Double {
        rise(restoring: back, gradient: gradient) + rise(removing: away, gradient: gradient)
            - 2 * matrix[back, away]
    }

    /// Adds a column of G to a gradient: what it becomes when a unit goes (1) or comes back (-1).
    public func add(_ unit: Int, times factor: Double, to gradient: inout [Double]) {
        let start = unit * size
        matrix.values.withUnsafeBufferPointer { values in
            gradient.withUnsafeMutableBufferPointer { gradient in
                for row in 0..<size { gradient[row] += factor * values[start + row] }
            }
        }
    }

    /// All units in the order greedy removal takes them: each time the one with the smallest rise (S1).
    public func greedyOrder() -> [Int] {
        var gradient = [Double](repeating: 0, count: size)
        var kept = Array(0..<size)
        var order: [Int] = []
        while !kept.isEmpty {
            var best = 0
            var smallest = Double.infinity
            for (position, unit) in kept.enumerated() {
                let rise = rise(removing: unit, gradient: gradient)
                if rise < smallest { (smallest, best) = (rise, position) }
            }
            let unit = kept.remove(at: best)
            order.append(unit)
            add(unit, times: 1, to: &gradient)
        }
        return order
    }

    /// The units that stay removed when all are gone and the most useful come back one by one (S2).
    public func forwardChoice(_ count: Int) -> [Int] {
        var removed = Array(0..<size)
        var gradient = gradient(removing: removed)
        while removed.count > count {
            var best = 0
            var smallest = Double.infinity
            for (position, unit) in removed.enumerated() {
                let rise = rise(restoring: unit, gradient: gradient)
                if rise < smallest { (smallest, best) = (rise, position) }
            }
            add(removed.remove(at: best), times: -1, to: &gradient)
        }
        return removed
    }

    /// The better of greedy removal and greedy return, after exchanges (S3).
    public func greedyChoice(_ count: Int) -> [Int] {
        let backward = Array(greedyOrder().prefix(count))
        let forward = forwardChoice(count)
        let start = energy(removing: forward) < energy(removing: backward) ? forward : backward
        return swapped(start)
    }

    /// Steepest descent over exchanges of one removed and one kept unit, until none lowers E.
    public func swapped(_ removed: [Int]) -> [Int] {
        var away = removed.sorted()
        var kept = Array(Set(0..<size).subtracting(away)).sorted()
        var gradient = gradient(removing: away)
        let tolerance = 1e-12 * max(matrix.trace, .leastNormalMagnitude)
        while let swap = bestSwap(away, kept, gradient), swap.rise < -tolerance {
            let (back, going) = (away[swap.back], kept[swap.going])
            away[swap.back] = going
            kept[swap.going] = back
            add(going, times: 1, to: &gradient)
            add(back, times: -1, to: &gradient)
        }
        return away.sorted()
    }

    private func bestSwap(
        _ away: [Int],
        _ kept: [Int],
        _ gradient: [Double]
    ) -> (back: Int, going: Int, rise: Double)? {
        var best: (back: Int, going: Int, rise: Double)?
        let costs = kept.map { rise(removing: $0, gradient: gradient) }
        matrix.values.withUnsafeBufferPointer { values in
            for (back, unit) in away.enumerated() {
                let fall = rise(restoring: unit, gradient: gradient)
                let row = unit * size
                for (going, other) in kept.enumerated() {
                    let rise = fall + costs[going] - 2 * values[row + other]
                    if rise < best?.rise ?? .infinity { best = (back, going, rise) }
                }
            }
        }
        return best
    }

    /// The units with the smallest diagonal (S0).
    public func diagonalChoice(_ count: Int) -> [Int] {
        let order = (0..<size).sorted {
            (matrix[$0, $0], $0) < (matrix[$1, $1], $1)
        }
        return order.prefix(count).sorted()
    }
}
