import Foundation

/// What an axis shows and how.
public struct Axis: Hashable, Sendable {
    /// How values become lengths.
    public enum Kind: Hashable, Sendable {
        /// Equal differences are equal lengths.
        case linear
        /// Equal ratios are equal lengths; values not above zero are left out.
        case logarithmic
    }

    /// How values are written.
    public enum Notation: Hashable, Sendable {
        /// As many digits as the ticks need.
        case plain
        /// Whole numbers, such as epochs: no tick between two, and the axis ends where the data do.
        case whole
        /// Shares as percentages.
        case percent
        /// Counts with k, M, G.
        case short
    }

    /// What is shown, with its unit.
    public var label: String
    /// How values become lengths.
    public var kind: Kind
    /// How values are written.
    public var notation: Notation
    /// Values that must be on the axis besides the data.
    public var includes: [Double]

    /// Makes an axis.
    public init(
        _ label: String,
        kind: Kind = .linear,
        notation: Notation = .plain,
        includes: [Double] = []
    ) {
        self.label = label
        self.kind = kind
        self.notation = notation
        self.includes = includes
    }

    /// A value for a person.
    func text(_ value: Double) -> String {
        switch notation {
        case .plain, .whole: NumberText.significant(value, 4)
        case .percent: NumberText.percent(value)
        case .short: NumberText.short(value)
        }
    }

    /// The values that can be drawn.
    func drawable(_ value: Double) -> Bool {
        value.isFinite && (kind == .linear || value > 0)
    }
}

/// The marks of an axis.
package struct Ticks: Hashable, Sendable {
    /// Where the marks are, ascending.
    package let values: [Double]
    /// What is written at them.
    package let labels: [String]

    /// About `count` round values that span the data: steps of 1, 2 or 5 times a power of ten.
    ///
    /// Source: Heckbert 1990, "Nice numbers for graph labels", Graphics Gems.
    package init(linearFrom lower: Double, to upper: Double, count: Int, notation: Axis.Notation) {
        let rough = Self.step((upper - lower) / Double(max(1, count)))
        let step = notation == .whole ? max(1, rough) : rough
        let first = Int((lower / step + 1e-9).rounded(.down))
        let last = max(first + 1, Int((upper / step - 1e-9).rounded(.up)))
        values = (first...last).map { Double($0) * step }
        labels = values.map { Self.label($0, step: step, notation: notation) }
    }

    /// Powers of ten that span the data; within two decades twice and five times those as well.
    package init(logarithmicFrom lower: Double, to upper: Double, notation: Axis.Notation) {
        let first = Int((log10(lower) + 1e-9).rounded(.down))
        let last = max(first + 1, Int((log10(upper) - 1e-9).rounded(.up)))
        let factors = last - first <= 2 ? [1.0, 2, 5] : [1.0]
        let stride = max(1, (last - first) / 5)
        var values: [Double] = []
        for exponent in Swift.stride(from: first, through: last, by: stride) {
            let power = pow(10, Double(exponent))
            values += exponent == last ? [power] : factors.map { $0 * power }
        }
        let below = values.last { $0 <= lower * 1.000001 } ?? values[0]
        let above = values.first { $0 >= upper * 0.999999 } ?? values[values.count - 1]
        self.values = values.filter { $0 >= below && $0 <= above }
        labels = self.values.map { Self.label($0, step: $0, notation: notation) }
    }

    /// The ticks from one value to another.
    func within(_ lower: Double, _ upper: Double) -> Ticks {
        Ticks(zip(values, labels).filter { $0.0 >= lower && $0.0 <= upper })
    }

    private init(_ pairs: [(Double, String)]) {
        values = pairs.map(\.0)
        labels = pairs.map(\.1)
    }

    private static func step(_ rough: Double) -> Double {
        guard rough > 0, rough.isFinite else { return 1 }
        let power = pow(10, log10(rough).rounded(.down))
        let factor = [1.0, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10
        return factor * power
    }

    private static func label(_ value: Double, step: Double, notation: Axis.Notation) -> String {
        switch notation {
        case .plain:
            if step < 1e-6 || abs(value) >= 1e6 { return NumberText.significant(value, 3) }
            return NumberText.fixed(value, digits(step))
        case .whole: return NumberText.fixed(value, 0)
        case .percent: return "\(NumberText.fixed(100 * value, digits(100 * step))) %"
        case .short: return NumberText.short(value)
        }
    }

    private static func digits(_ step: Double) -> Int {
        max(0, -Int((log10(step) + 1e-9).rounded(.down)))
    }
}

/// From values to lengths along one side of a chart.
package struct Scale: Hashable, Sendable {
    package let ticks: Ticks
    private let kind: Axis.Kind
    /// The values at `start` and at `end`.
    private let lower: Double
    private let upper: Double
    private let start: Double
    private let end: Double

    /// Spans the values; the axis begins and ends at a tick, but for whole numbers.
    ///
    /// - Parameters:
    ///   - axis: What is shown.
    ///   - values: All values that will be placed.
    ///   - start: Where the lowest tick is.
    ///   - end: Where the highest tick is.
    ///   - count: About how many ticks.
    package init(
        _ axis: Axis,
        spanning values: [Double],
        from start: Double,
        to end: Double,
        count: Int
    ) {
        kind = axis.kind
        self.start = start
        self.end = end
        let usable = (values + axis.includes).filter(axis.drawable)
        var lower = usable.min() ?? (axis.kind == .linear ? 0 : 1)
        var upper = usable.max() ?? (axis.kind == .linear ? 1 : 10)
        switch axis.kind {
        case .linear:
            if upper - lower <= abs(upper) * 1e-9 {
                let room = upper == 0 ? 1 : abs(upper) * 0.1
                (lower, upper) = (lower - room, upper + room)
            }
            let all = Ticks(linearFrom: lower, to: upper, count: count, notation: axis.notation)
            ticks = axis.notation == .whole ? all.within(lower, upper) : all
        case .logarithmic:
            ticks = Ticks(logarithmicFrom: lower, to: upper, notation: axis.notation)
        }
        let isTight = axis.notation == .whole
        self.lower = isTight ? lower : ticks.values.first ?? lower
        self.upper = isTight ? upper : ticks.values.last ?? upper
    }

    /// The place of a value.
    package func place(_ value: Double) -> Double {
        let share: Double
        switch kind {
        case .linear: share = (value - lower) / (upper - lower)
        case .logarithmic: share = log(value / lower) / log(upper / lower)
        }
        return start + min(max(share, 0), 1) * (end - start)
    }
}
