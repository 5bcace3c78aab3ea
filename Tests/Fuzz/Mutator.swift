import Tensors

/// Damages bytes as chance and malice would: each result depends on the seed alone.
struct Mutator {
    /// Samples to start from and to splice in.
    let corpus: [[UInt8]]
    /// Words of the format, which chance alone would not find.
    let dictionary: [[UInt8]]

    /// The damaged sample of a seed.
    func sample(seed: UInt64) -> [UInt8] {
        var random = CounterRandom(seed: seed, stage: "fuzz")
        var bytes = corpus[Int.random(in: corpus.indices, using: &random)]
        for _ in 0..<Int.random(in: 1...6, using: &random) { damage(&bytes, &random) }
        return bytes
    }

    private func damage(_ bytes: inout [UInt8], _ random: inout CounterRandom) {
        guard !bytes.isEmpty else {
            bytes = [UInt8.random(in: .min ... .max, using: &random)]
            return
        }
        let place = position(in: bytes, &random)
        switch Int.random(in: 0..<9, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = .random(in: .min ... .max, using: &random)
        case 2: overwrite(&bytes, at: place, with: number(&random))
        case 3: bytes.removeLast(bytes.count - place)
        case 4: bytes.removeSubrange(place..<end(of: place, in: bytes, &random))
        case 5:
            bytes.insert(contentsOf: bytes[place..<end(of: place, in: bytes, &random)], at: place)
        case 6: overwrite(&bytes, at: place, with: word(&random))
        case 7: bytes.insert(contentsOf: word(&random), at: place)
        default:
            let other = corpus[Int.random(in: corpus.indices, using: &random)]
            guard !other.isEmpty else { return }
            let start = Int.random(in: other.indices, using: &random)
            let length = Int.random(in: 1...64, using: &random)
            overwrite(&bytes, at: place, with: Array(other[start...].prefix(length)))
        }
    }

    /// Half of the time near the beginning or near a word of the format, where the structure is.
    private func position(in bytes: [UInt8], _ random: inout CounterRandom) -> Int {
        let anywhere = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return min(anywhere % 2048, bytes.count - 1)
        case 1:
            let word = word(&random)
            guard let first = word.first else { return anywhere }
            let window = bytes[anywhere...].prefix(4096)
            guard let found = window.firstIndex(of: first) else { return anywhere }
            return min(found + Int.random(in: 0..<24, using: &random), bytes.count - 1)
        default: return anywhere
        }
    }

    private func end(of place: Int, in bytes: [UInt8], _ random: inout CounterRandom) -> Int {
        min(bytes.count, place + Int.random(in: 1...64, using: &random))
    }

    private func word(_ random: inout CounterRandom) -> [UInt8] {
        dictionary.isEmpty ? [0] : dictionary[Int.random(in: dictionary.indices, using: &random)]
    }

    /// A number of 1, 2, 4 or 8 bytes at the edge of what such a number can be.
    private func number(_ random: inout CounterRandom) -> [UInt8] {
        let edges: [UInt64] = [
            0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
            0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, .max, .max - 1,
        ]
        let edge = edges[Int.random(in: edges.indices, using: &random)]
        let width = 1 << Int.random(in: 0..<4, using: &random)
        return (0..<width).map { UInt8(truncatingIfNeeded: edge >> UInt64(8 * $0)) }
    }

    private func overwrite(_ bytes: inout [UInt8], at place: Int, with other: [UInt8]) {
        for (offset, byte) in other.enumerated() where place + offset < bytes.count {
            bytes[place + offset] = byte
        }
    }
}
