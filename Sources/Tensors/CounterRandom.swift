/// A counter-based random generator (Philox4x32-10): the n-th number of a key is known without the ones before it.
///
/// The whole state is a key and a counter, so a checkpoint stores four words and a resumed run draws the same numbers.
/// Streams are keyed by (seed, stage, step): no stream depends on how much another has drawn.
///
/// Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel Random Numbers: As Easy as 1, 2, 3", section 3.3 and table 2.
public struct CounterRandom: RandomNumberGenerator, Sendable, Hashable, Codable {
    private var key: SIMD2<UInt32>
    private var stream: UInt64
    private var position: UInt64
    private var pending: UInt64?

    /// Makes the stream of one step of one stage.
    ///
    /// - Parameters:
    ///   - seed: The job's seed.
    ///   - stage: What the numbers are for, such as "augmentation"; different names give independent streams.
    ///   - step: The step within the stage.
    public init(seed: UInt64, stage: String, step: UInt64 = 0) {
        key = [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)]
        stream = Self.hash(stage) ^ (step &* 0x9E37_79B9_7F4A_7C15)
        position = 0
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        if let kept = pending {
            pending = nil
            return kept
        }
        let block = Self.philox(
            counter: [
                UInt32(truncatingIfNeeded: position), UInt32(truncatingIfNeeded: position >> 32),
                UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32),
            ],
            key: key
        )
        position &+= 1
        pending = UInt64(block[2]) | UInt64(block[3]) << 32
        return UInt64(block[0]) | UInt64(block[1]) << 32
    }

    /// A uniform number in [0, 1) with 24 random bits.
    public mutating func nextUniform() -> Float {
        Float(next() >> 40) * 0x1p-24
    }

    /// A standard normal number (Box-Muller, first of the pair).
    public mutating func nextNormal() -> Float {
        let radius = (-2 * Double.logarithm(1 - Double(next() >> 11) * 0x1p-53)).squareRoot()
        return Float(radius * Double.cosine(2 * Double.pi * Double(next() >> 11) * 0x1p-53))
    }

    /// The numbers 0..<count in random order.
    public mutating func permutation(_ count: Int) -> [Int] {
        Array(0..<count).shuffled(using: &self)
    }

    /// Ten rounds of Philox 4x32 over one counter; exposed for the known-answer test.
    public static func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var counter = counter
        var key = key
        for _ in 0..<10 {
            let first = UInt64(0xD251_1F53) * UInt64(counter[0])
            let second = UInt64(0xCD9E_8D57) * UInt64(counter[2])
            counter = [
                UInt32(second >> 32) ^ counter[1] ^ key[0], UInt32(truncatingIfNeeded: second),
                UInt32(first >> 32) ^ counter[3] ^ key[1], UInt32(truncatingIfNeeded: first),
            ]
            key = key &+ [0x9E37_79B9, 0xBB67_AE85]
        }
        return counter
    }

    /// 64-bit FNV-1a of a name: stable across processes, unlike `Hasher`.
    private static func hash(_ name: String) -> UInt64 {
        name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
