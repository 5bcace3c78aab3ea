import Tensors
import Testing

@Suite struct CounterRandomTests {
    @Test("Philox gives the numbers its authors published")
    func knownAnswers() {
        // Random123's kat_vectors for philox4x32-10.
        #expect(
            CounterRandom.philox(counter: [0, 0, 0, 0], key: [0, 0])
                == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]
        )
        #expect(
            CounterRandom.philox(
                counter: SIMD4(repeating: 0xFFFF_FFFF),
                key: SIMD2(repeating: 0xFFFF_FFFF)
            )
                == [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]
        )
    }

    @Test("streams of different stages and steps differ, equal ones agree")
    func streams() {
        var first = CounterRandom(seed: 7, stage: "order", step: 1)
        var again = CounterRandom(seed: 7, stage: "order", step: 1)
        var other = CounterRandom(seed: 7, stage: "order", step: 2)
        let numbers = (0..<8).map { _ in first.next() }
        #expect(numbers == (0..<8).map { _ in again.next() })
        #expect(numbers != (0..<8).map { _ in other.next() })
    }
}

@Suite struct SquareMatrixTests {
    @Test("a Cholesky solution satisfies its equations, and an indefinite matrix has no factor")
    func cholesky() throws {
        var random = CounterRandom(seed: 1, stage: "test")
        let size = 12
        let root = (0..<size * size).map { _ in Double(random.nextNormal()) }
        var matrix = SquareMatrix(size: size)
        for row in 0..<size {
            for column in 0..<size {
                matrix[row, column] = (0..<size).reduce(row == column ? 1 : 0) {
                    $0 + root[row * size + $1] * root[column * size + $1]
                }
            }
        }
        let sides = (0..<size * 3).map { _ in Double(random.nextNormal()) }
        let solution = try #require(CholeskyFactor(matrix)).solve(sides, count: 3)
        for row in 0..<size {
            for side in 0..<3 {
                let product = (0..<size).reduce(0) {
                    $0 + matrix[row, $1] * solution[$1 * 3 + side]
                }
                #expect(abs(product - sides[row * 3 + side]) < 1e-9)
            }
        }
        matrix[0, 0] = -1
        #expect(CholeskyFactor(matrix) == nil)
    }
}
