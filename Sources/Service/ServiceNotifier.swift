import Glibc

/// Tells systemd how the daemon is, over the socket it named; silent where there is none.
///
/// See `man 3 sd_notify` for the words.
public struct ServiceNotifier: Sendable {
    private let path: String?

    /// Takes the socket's path, as `NOTIFY_SOCKET` gives it; a leading `@` means an abstract name.
    public init(socketPath: String?) {
        path = socketPath.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Sends lines such as `READY=1`; a lost message is no fault of the job.
    public func send(_ lines: String) {
        guard let path else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let length = socklen_t(offset + name.count)
        let message = Array(lines.utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
