/// The checksum of HDF5 metadata, by which a superblock of version 2 or 3 is closed.
///
/// libhdf5 1.10 clears the "open for writing" flag in the image it gives out but leaves the checksum of the flagged
/// bytes, so no image could be opened again; ``HDF5File/image()`` writes the right one.
///
/// Source: Jenkins 2006, "lookup3.c", `hashlittle` with initial value 0, as H5checksum.c uses it.
enum SuperblockChecksum {
    /// Corrects the checksum of an image that begins with its superblock.
    static func repair(_ image: inout [UInt8]) {
        guard image.count >= 48, image[8] == 2 || image[8] == 3 else { return }
        let width = Int(image[9])
        let end = 12 + 4 * width
        guard image.count >= end + 4 else { return }
        let sum = hash(Array(image[..<end]))
        for byte in 0..<4 {
            image[end + byte] = UInt8(truncatingIfNeeded: sum >> (8 * UInt32(byte)))
        }
    }

    static func hash(_ bytes: [UInt8]) -> UInt32 {
        let start = 0xDEAD_BEEF &+ UInt32(truncatingIfNeeded: bytes.count)
        var state = SIMD3<UInt32>(start, start, start)
        var position = 0
        while bytes.count - position > 12 {
            state &+= words(bytes, at: position)
            mix(&state)
            position += 12
        }
        guard position < bytes.count else { return state.z }
        state &+= words(bytes, at: position)
        finish(&state)
        return state.z
    }

    /// Three little-endian words; bytes behind the end count as zero.
    private static func words(_ bytes: [UInt8], at position: Int) -> SIMD3<UInt32> {
        var words = SIMD3<UInt32>()
        for offset in 0..<min(12, bytes.count - position) {
            words[offset / 4] |= UInt32(bytes[position + offset]) << UInt32(8 * (offset % 4))
        }
        return words
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
        word << count | word >> (32 - count)
    }

    private static func mix(_ state: inout SIMD3<UInt32>) {
        for (step, count) in [4, 6, 8, 16, 19, 4].enumerated() {
            let (a, b, c) = (step % 3, (step + 1) % 3, (step + 2) % 3)
            state[a] = (state[a] &- state[c]) ^ rotate(state[c], UInt32(count))
            state[c] = state[c] &+ state[b]
        }
    }

    private static func finish(_ state: inout SIMD3<UInt32>) {
        for (step, count) in [14, 11, 25, 16, 4, 14, 24].enumerated() {
            let (target, source) = ((step + 2) % 3, (step + 1) % 3)
            state[target] = (state[target] ^ state[source]) &- rotate(state[source], UInt32(count))
        }
    }
}
