import Foundation

/// Numbers as people read them.
package enum NumberText {
    /// A count with commas: `1,234,567`.
    package static func grouped(_ value: Int) -> String {
        var digits = String(abs(value))
        var parts: [Substring] = []
        while digits.count > 3 {
            parts.insert(Substring(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        parts.insert(Substring(digits), at: 0)
        return (value < 0 ? "-" : "") + parts.joined(separator: ",")
    }

    /// A count in at most four characters and a prefix: `12.5 M`.
    package static func short(_ value: Double) -> String {
        let prefixes: [(Double, String)] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")]
        for (size, prefix) in prefixes where abs(value) >= size * 0.9995 {
            return "\(significant(value / size, 3)) \(prefix)"
        }
        return significant(value, 3)
    }

    /// A length: `1.25 MB`, in powers of 1000.
    package static func bytes(_ count: Int) -> String {
        let text = short(Double(count))
        return text.contains(" ") ? text + "B" : text + " B"
    }

    /// A share as a percentage: `12.34 %`.
    package static func percent(_ share: Double, digits: Int = 2) -> String {
        "\(fixed(100 * share, digits)) %"
    }

    /// A difference of shares in percentage points, with its sign: `+0.12 points`.
    package static func points(_ difference: Double) -> String {
        "\(signed(100 * difference, 2)) points"
    }

    /// With its sign.
    package static func signed(_ value: Double, _ digits: Int) -> String {
        let text = fixed(value, digits)
        return text.hasPrefix("-") ? text : "+" + text
    }

    /// With a fixed number of digits behind the point; never `-0`.
    package static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "\(value)" }
        let text = String(format: "%.\(digits)f", value)
        return text.contains { $0 != "-" && $0 != "0" && $0 != "." }
            ? text : text.replacing("-", with: "")
    }

    /// With a number of significant digits and no needless zeros: `0.00123`, `1.5e-07`.
    package static func significant(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
        let exponent = Int(log10(abs(value)).rounded(.down))
        guard exponent >= -4, exponent < 7 else {
            return String(format: "%.\(max(0, digits - 1))e", value)
        }
        var text = String(format: "%.\(max(0, digits - 1 - exponent))f", value)
        if text.contains(".") {
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
        }
        return text
    }

    /// A time span in its two largest units: `2 h 5 min`, `1 min 20 s`, `3.2 s`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "unknown" }
        if seconds < 9.95 { return "\(fixed(seconds, 1)) s" }
        let whole = Int(min(seconds, 1e15).rounded())
        let parts = [
            (whole / 86_400, "d"), (whole / 3600 % 24, "h"), (whole / 60 % 60, "min"),
            (whole % 60, "s"),
        ]
        let first = parts.firstIndex { $0.0 > 0 } ?? 3
        return parts[first..<min(first + 2, 4)].filter { $0.0 > 0 }
            .map { "\($0.0) \($0.1)" }.joined(separator: " ")
    }
}
