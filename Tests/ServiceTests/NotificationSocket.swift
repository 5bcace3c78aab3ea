import Foundation
import Glibc

/// A socket as systemd's, which hears what a daemon tells by `sd_notify`.
final class NotificationSocket {
    let path: String
    private let descriptor: Int32
    /// Everything heard so far, a message each.
    private(set) var messages: [String] = []

    init() throws {
        path = "/tmp/espalier-notify-\(UInt64.random(in: .min ... .max))"
        descriptor = socket(
            AF_UNIX,
            Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue),
            0
        )
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        if status != 0 { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EINVAL) }
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// Whether some message so far holds a text.
    func hasHeard(_ text: String) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            guard count > 0 else { break }
            messages.append(String(decoding: bytes[..<count], as: UTF8.self))
        }
        return messages.contains { $0.contains(text) }
    }
}
