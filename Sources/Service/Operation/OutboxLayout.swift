/// How deliveries are called in the outbox.
public enum OutboxLayout: String, CaseIterable, Hashable, Sendable {
    /// `NAME`, and `NAME~2` where that is taken.
    case plain
    /// `2026-11-25_NAME`: in order of the day when sorted by name.
    case dated

    /// What goes in front of the name of a delivery at some time; the day is that of Greenwich.
    public func prefix(at secondsSince1970: Double) -> String {
        switch self {
        case .plain: ""
        case .dated: Self.day(secondsSince1970) + "_"
        }
    }

    /// The civil date of a count of days, after Hinnant, "chrono-compatible low-level date algorithms".
    private static func day(_ seconds: Double) -> String {
        let shifted = Int((seconds / 86_400).rounded(.down)) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(year)-\(padded(month))-\(padded(day))"
    }

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
