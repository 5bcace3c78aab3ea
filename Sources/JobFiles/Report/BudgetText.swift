extension BudgetMetrics {
    /// An amount of the budget's unit.
    func text(_ value: Double) -> String {
        switch unit {
        case "bytes": NumberText.bytes(Int(value))
        case "latency": "\(NumberText.significant(value / 1e6, 3)) ms"
        default: NumberText.grouped(Int(value))
        }
    }

    /// The same in few characters.
    func shortText(_ value: Double) -> String {
        ["bytes", "latency"].contains(unit) ? text(value) : NumberText.short(value)
    }

    /// What was asked, as the spec says it.
    var askedText: String {
        if unit == "accuracy_drop" {
            return "\(NumberText.fixed(100 * asked, 2)) points of held-out accuracy"
        }
        guard asked > 1 else { return "\(NumberText.percent(asked, digits: 1)) of the teacher's" }
        return unit == "latency"
            ? "\(NumberText.significant(asked / 1000, 3)) ms" : text(asked)
    }

    /// What the limit counts: a tolerated loss of accuracy is turned into macs by the search for it.
    var counted: String { unit == "accuracy_drop" ? "macs" : unit }
}
