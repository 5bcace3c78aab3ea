/// A value as somebody wrote it: one word, or a list.
public enum ConfigurationValue: Hashable, Sendable {
    /// One word.
    case text(String)
    /// A list of words.
    case list([String])
    /// A mapping or another thing that no key takes.
    case other

    /// The words, where it is one or a list.
    var words: [String]? {
        switch self {
        case .text(let text): [text]
        case .list(let list): list
        case .other: nil
        }
    }

    /// The one word, where it is one.
    var word: String? {
        switch self {
        case .text(let text): text
        case .list, .other: nil
        }
    }
}

/// Durations and sizes as people write them.
public enum Quantity {
    /// Seconds of `90`, `90s`, `15m`, `12h` or `30d`.
    public static func seconds(_ text: String) -> Double? {
        scaled(text, units: ["s": 1, "m": 60, "h": 3600, "d": 86_400])
    }

    /// Bytes of `4096`, `512K`, `512M`, `8G` or `1T`, in powers of 1024.
    public static func bytes(_ text: String) -> Int? {
        let units = ["K": 1024.0, "M": 1_048_576, "G": 1_073_741_824, "T": 1_099_511_627_776]
        guard let value = scaled(text, units: units), value >= 0, value < 9e15 else { return nil }
        return Int(value)
    }

    private static func scaled(_ text: String, units: [String: Double]) -> Double? {
        let unit = text.last.flatMap { units[String($0)] }
        guard let number = Double(unit == nil ? text : String(text.dropLast())) else { return nil }
        let value = number * (unit ?? 1)
        return value.isFinite ? value : nil
    }

    /// The shortest way to write seconds that reads back as the same.
    static func text(seconds: Double) -> String {
        for (unit, length) in [("d", 86_400.0), ("h", 3600), ("m", 60)]
        where seconds >= length && seconds.truncatingRemainder(dividingBy: length) == 0 {
            return "\(Int(seconds / length))\(unit)"
        }
        return seconds == seconds.rounded() ? "\(Int(seconds))s" : "\(seconds)s"
    }

    /// The shortest way to write bytes that reads back as the same.
    static func text(bytes: Int) -> String {
        for (unit, size) in [("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)]
        where bytes >= size && bytes % size == 0 {
            return "\(bytes / size)\(unit)"
        }
        return "\(bytes)"
    }
}
