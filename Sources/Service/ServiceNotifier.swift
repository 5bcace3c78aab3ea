/// Tells systemd how the daemon is, over the socket it named; silent where there is none.
///
/// See `man 3 sd_notify` for the words.
public struct ServiceNotifier: Sendable {
    private let socket: DatagramSocket?

    /// Takes the socket's path, as `NOTIFY_SOCKET` gives it; a leading `@` means an abstract name.
    public init(socketPath: String?) {
        socket = socketPath.flatMap { $0.isEmpty ? nil : DatagramSocket(path: $0) }
    }

    /// Sends lines such as `READY=1`; a lost message is no fault of the job.
    public func send(_ lines: String) { socket?.send(Array(lines.utf8)) }
}
