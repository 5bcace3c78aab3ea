import CKernels
import Glibc
import Synchronization

/// Large buffers that are used again and again, so that a layer asks the system for memory in its first step only.
///
/// They are mapped apart from the heap: between tensors of other lengths they would tear it to pieces. No more are kept
/// than were ever lent at once.
final class BufferPool: Sendable {
    /// The pool of this process.
    static let shared = BufferPool()

    struct Buffer: @unchecked Sendable {
        let start: UnsafeMutableRawPointer
        let bytes: Int
    }

    private let free = Mutex<[Buffer]>([])

    /// The smallest free buffer that is large enough, or a new one in place of the largest that is not.
    func take(bytes: Int) -> Buffer {
        let (found, given) = free.withLock { free -> (Buffer?, Buffer?) in
            let fitting = free.indices.filter { free[$0].bytes >= bytes }
            if let best = fitting.min(by: { free[$0].bytes < free[$1].bytes }) {
                return (free.remove(at: best), nil)
            }
            let largest = free.indices.max { free[$0].bytes < free[$1].bytes }
            return (nil, largest.map { free.remove(at: $0) })
        }
        if let given { munmap(given.start, given.bytes) }
        return found ?? Self.map(bytes: bytes)
    }

    /// Takes a lent buffer back.
    func giveBack(_ buffer: Buffer) {
        free.withLock { $0.append(buffer) }
    }

    private static func map(bytes: Int) -> Buffer {
        let start = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start, start != MAP_FAILED else {
            preconditionFailure("no memory for a buffer of \(bytes) bytes")
        }
        espalier_prefer_large_pages(start, bytes)
        return Buffer(start: start, bytes: bytes)
    }
}

/// Lends a buffer that begins with a cache line and holds whatever was left there.
public func withBuffer<Result>(
    _ floats: Int,
    _ body: (UnsafeMutablePointer<Float>) throws -> Result
) rethrows -> Result {
    let bytes = max(floats, 1) * MemoryLayout<Float>.stride
    guard bytes >= 1 << 18 else {
        let start = allocateFloats(floats)
        defer { start.deallocate() }
        return try body(start.assumingMemoryBound(to: Float.self))
    }
    let buffer = BufferPool.shared.take(bytes: bytes)
    defer { BufferPool.shared.giveBack(buffer) }
    return try body(buffer.start.assumingMemoryBound(to: Float.self))
}
