import Glibc
import JobFiles
import Logging

/// Writes each message to the journal with its fields where the journal reads this process's errors, and elsewhere as
/// one plain line to standard error.
public struct JournalLogHandler: LogHandler {
    /// What is added to every message.
    public var metadata: Logger.Metadata = [:]
    /// The least important level that is written.
    public var logLevel: Logger.Level = .info
    private let journal: DatagramSocket?

    /// Makes a handler.
    ///
    /// - Parameter journalStream: `JOURNAL_STREAM` as systemd sets it: device and inode of the journal's pipe, which is ours
    ///   only if standard error is still that pipe; see `man 5 systemd.exec`.
    public init(journalStream: String?) {
        let isJournal = journalStream.map { $0 == Self.identity(of: STDERR_FILENO) } ?? false
        journal = isJournal ? DatagramSocket(path: "/run/systemd/journal/socket") : nil
    }

    private static func identity(of descriptor: Int32) -> String? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        return "\(status.st_dev):\(status.st_ino)"
    }

    /// One value of the metadata.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a message.
    public func log(event: LogEvent) {
        let priority = Self.priority(of: event.level)
        if let journal {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            let fields = all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
            let entry = JournalEntry("\(event.message)", priority: priority, fields: fields)
            if journal.send(entry.bytes) { return }
        }
        let bytes = Array(
            Self.line("\(event.message)", priority: journal.map { _ in priority }).utf8
        )
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// A message as it is written: one line, whatever the message holds.
    public static func line(_ message: String, priority: Int?) -> String {
        let prefix = priority.map { "<\($0)>" } ?? ""
        return "\(prefix)\(message.displayable.replacing("\n", with: " "))\n"
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
