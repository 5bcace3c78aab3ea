/// The rank of small matrices whose elements come from 32-bit arithmetic.
enum NumericRank {
    /// The number of vectors that are left when each time the longest is taken and what lies along it subtracted.
    ///
    /// A QR decomposition with column pivoting by the modified Gram-Schmidt process. Vectors count while what is left of
    /// them is longer than `max(vectors, length) * 2^-23` of the longest there was: the usual tolerance for 32-bit
    /// elements, with the first pivot in the place of the largest singular value, which is at most `sqrt(vectors)` times
    /// as large.
    ///
    /// - Parameters:
    ///   - values: The vectors, one after the other.
    ///   - length: The length of each.
    /// - Returns: At most the number of vectors.
    static func rank(of values: [Double], length: Int) -> Int {
        let count = values.count / max(length, 1)
        var values = values
        var left = Array(0..<count)
        var smallest: Double?
        return values.withUnsafeMutableBufferPointer { values in
            while let (position, norm) = longest(of: left, values, length) {
                let limit =
                    smallest
                    ?? Double(max(count, length) * max(count, length)) * tolerance * tolerance
                    * norm
                smallest = limit
                guard norm > limit else { break }
                let pivot = left.remove(at: position) * length
                for vector in left {
                    let start = vector * length
                    var product = 0.0
                    for index in 0..<length {
                        product += values[start + index] * values[pivot + index]
                    }
                    let factor = product / norm
                    for index in 0..<length {
                        values[start + index] -= factor * values[pivot + index]
                    }
                }
            }
            return count - left.count
        }
    }

    private static let tolerance = Double(Float.ulpOfOne)

    /// The longest of the vectors and the square of its length.
    private static func longest(
        of left: [Int],
        _ values: UnsafeMutableBufferPointer<Double>,
        _ length: Int
    ) -> (position: Int, norm: Double)? {
        var best: (position: Int, norm: Double)?
        for (position, vector) in left.enumerated() {
            var norm = 0.0
            for index in vector * length..<(vector + 1) * length {
                norm += values[index] * values[index]
            }
            if norm > best?.norm ?? -1 { best = (position, norm) }
        }
        return best
    }
}
