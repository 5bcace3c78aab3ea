import Glibc
import Logging

/// Writes each message as one line to standard error, with the journal's priority in front where it listens.
///
/// See `man 3 sd-daemon` for the prefix and `man 5 systemd.exec` for `JOURNAL_STREAM`.
public struct JournalLogHandler: LogHandler {
    /// What is added to every message.
    public var metadata: Logger.Metadata = [:]
    /// The least important level that is written.
    public var logLevel: Logger.Level = .info
    private let hasPriorities: Bool

    /// Makes a handler.
    ///
    /// - Parameter hasPriorities: Whether a journal reads the lines, as it does when `JOURNAL_STREAM` is set.
    public init(hasPriorities: Bool) { self.hasPriorities = hasPriorities }

    /// One value of the metadata.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a message.
    public func log(event: LogEvent) {
        let priority = hasPriorities ? Self.priority(of: event.level) : nil
        let bytes = Array(Self.line("\(event.message)", priority: priority).utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// A message as it is written: one line, whatever the message holds.
    public static func line(_ message: String, priority: Int?) -> String {
        let prefix = priority.map { "<\($0)>" } ?? ""
        return "\(prefix)\(message.replacing("\n", with: " "))\n"
    }

    private static func priority(of level: Logger.Level) -> Int {
        switch level {
        case .critical: 2
        case .error: 3
        case .warning: 4
        case .notice: 5
        case .info: 6
        case .debug, .trace: 7
        }
    }
}
