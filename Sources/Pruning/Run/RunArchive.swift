import Foundation
import Tensors

/// A checkpoint's bytes: a magic word, the length of a JSON text, the text, then tensors as little-endian floats.
struct RunArchive {
    private static let magic = Array("ESPRUN1\n".utf8)

    var state: Data
    var tensors: [[Float]]

    /// The bytes.
    var bytes: [UInt8] {
        var result = Self.magic
        append(UInt64(state.count), to: &result)
        result += state
        append(UInt64(tensors.count), to: &result)
        for tensor in tensors {
            append(UInt64(tensor.count), to: &result)
            tensor.withUnsafeBytes { result += $0 }
        }
        return result
    }

    private func append(_ number: UInt64, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }

    init(state: Data, tensors: [[Float]]) {
        self.state = state
        self.tensors = tensors
    }

    /// Reads an archive; nil where the bytes are not one.
    init?(_ bytes: [UInt8]) {
        var position = Self.magic.count
        guard bytes.starts(with: Self.magic) else { return nil }
        func number() -> Int? {
            guard position + 8 <= bytes.count else { return nil }
            let value = bytes[position..<position + 8].reversed().reduce(UInt64(0)) {
                $0 << 8 | UInt64($1)
            }
            position += 8
            return Int(exactly: value)
        }
        func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard count >= 0, count <= bytes.count - position else { return nil }
            defer { position += count }
            return bytes[position..<position + count]
        }
        guard let length = number(), let text = take(length), let count = number(),
            count <= bytes.count
        else { return nil }
        state = Data(text)
        tensors = []
        for _ in 0..<count {
            guard let length = number(), length <= bytes.count / 4, let raw = take(length * 4)
            else { return nil }
            var values = [Float](repeating: 0, count: length)
            values.withUnsafeMutableBytes { $0.copyBytes(from: raw) }
            tensors.append(values)
        }
        guard position == bytes.count else { return nil }
    }
}
