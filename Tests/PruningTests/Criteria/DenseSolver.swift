/// Linear algebra in the plainest form, for checking cleverer ones.
enum DenseSolver {
    /// The solution of a square system by elimination with row pivoting.
    static func solve(_ matrix: [[Double]], _ side: [Double]) -> [Double] {
        var rows = zip(matrix, side).map { $0 + [$1] }
        let count = side.count
        for column in 0..<count {
            let pivot = (column..<count).max { abs(rows[$0][column]) < abs(rows[$1][column]) }
            rows.swapAt(column, pivot ?? column)
            for row in 0..<count where row != column {
                let factor = rows[row][column] / rows[column][column]
                for index in column...count { rows[row][index] -= factor * rows[column][index] }
            }
        }
        return (0..<count).map { rows[$0][count] / rows[$0][$0] }
    }

    /// The rank of a matrix by elimination with full pivoting; pivots below a share of the first count as zero.
    static func rank(_ matrix: [[Double]], share: Double) -> Int {
        var rows = matrix
        var first: Double?
        var rank = 0
        while rank < rows.count {
            var best = (value: 0.0, row: rank, column: 0)
            for row in rank..<rows.count {
                for column in rows[row].indices where abs(rows[row][column]) > best.value {
                    best = (abs(rows[row][column]), row, column)
                }
            }
            first = first ?? best.value
            guard best.value > share * (first ?? 0) else { break }
            rows.swapAt(rank, best.row)
            for row in rank + 1..<max(rows.count, rank + 1) {
                let factor = rows[row][best.column] / rows[rank][best.column]
                for column in rows[row].indices {
                    rows[row][column] -= factor * rows[rank][column]
                }
            }
            rank += 1
        }
        return rank
    }
}
