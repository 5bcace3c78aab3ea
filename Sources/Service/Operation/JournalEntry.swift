/// A log line with fields, as the journal's own protocol has it.
///
/// See https://systemd.io/JOURNAL_NATIVE_PROTOCOL/: a field is `NAME=value`, or, where the value has line ends, the name,
/// the length in eight bytes, the smallest first, and the value.
public struct JournalEntry: Hashable, Sendable {
    /// The fields in order; names are capital letters, digits and underscores.
    public var fields: [(name: String, value: String)]

    /// Makes an entry.
    ///
    /// - Parameters:
    ///   - message: What happened.
    ///   - priority: 0 for an emergency to 7 for debugging.
    ///   - fields: More, such as the job; names are put in the journal's letters.
    public init(_ message: String, priority: Int, fields: [(name: String, value: String)] = []) {
        self.fields =
            [
                ("MESSAGE", message), ("PRIORITY", "\(priority)"),
                ("SYSLOG_IDENTIFIER", "espalier"),
            ] + fields.map { ($0.name.uppercased(), $0.value) }
    }

    /// The datagram.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for (name, value) in fields {
            bytes += Array(name.utf8)
            let text = Array(value.utf8)
            if text.contains(UInt8(ascii: "\n")) {
                bytes.append(UInt8(ascii: "\n"))
                withUnsafeBytes(of: UInt64(text.count).littleEndian) { bytes += Array($0) }
            } else {
                bytes.append(UInt8(ascii: "="))
            }
            bytes += text
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// Whether all fields are the same.
    public static func == (left: JournalEntry, right: JournalEntry) -> Bool {
        left.bytes == right.bytes
    }

    /// Mixes all fields in.
    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
