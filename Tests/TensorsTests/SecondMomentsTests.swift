import Tensors
import Testing

@Suite struct SecondMomentsTests {
    @Test(
        "sums and products are those of the rows less their origin",
        arguments: InstructionSet.allCases.filter { $0.kernels != nil },
        [(1, 1), (7, 5), (16, 16), (29, 9), (61, 61)]
    )
    func sums(set: InstructionSet, size: (columns: Int, factors: Int)) throws {
        var random = CounterRandom(seed: 3, stage: "moments")
        let (columns, count) = (size.columns, 419)
        let origin = (0..<columns).map { _ in Double(random.nextNormal()) }
        let rows = (0..<count * columns).map { _ in Double(random.nextNormal()) * 3 + 1 }
        let moments = try VectorKernels.$current.withValue(#require(set.kernels)) {
            var moments = SecondMoments(columns: columns, factors: size.factors)
            // Two shares, the second of a few rows only.
            moments.add(Array(rows[..<(400 * columns)]), origin: origin)
            moments.add(Array(rows[(400 * columns)...]), origin: origin)
            return moments
        }
        func value(_ row: Int, _ column: Int) -> Double {
            rows[row * columns + column] - origin[column]
        }
        for factor in 0..<columns {
            let sum = (0..<count).reduce(0) { $0 + value($1, factor) }
            #expect(abs(moments.sum(factor) - sum) < 1e-10 * Double(count))
            guard factor < size.factors else { continue }
            for column in factor..<columns {
                let product = (0..<count).reduce(0) { $0 + value($1, factor) * value($1, column) }
                #expect(abs(moments.product(factor, column) - product) < 1e-10 * Double(count))
            }
        }
    }

    @Test("one thread and three add to the same bytes")
    func threads() {
        var random = CounterRandom(seed: 5, stage: "moments")
        let rows = (0..<500 * 45).map { _ in Double(random.nextNormal()) }
        let origin = [Double](repeating: 0.25, count: 45)
        let before = ThreadPool.shared.threads
        defer { ThreadPool.shared.setThreads(before) }
        let products = [1, 3].map { threads in
            ThreadPool.shared.setThreads(threads)
            var moments = SecondMoments(columns: 45, factors: 40)
            moments.add(rows, origin: origin)
            return (0..<40).flatMap { row in (row..<45).map { moments.product(row, $0) } }
        }
        #expect(products[0] == products[1])
    }
}
