extension Report {
    private var scanText: String {
        guard let scan = metrics.scan else { return "" }
        let share = BeforeAfter(before: scan.macsWithoutCache, after: scan.macs).share
        return " What lies before a group was computed once: the scan took "
            + "\(NumberText.percent(share, digits: 1)) of the macs of running the whole network "
            + "for every point."
    }

    var sensitivitySection: ReportPage.Section? {
        let measured = metrics.groups.enumerated().filter { !$0.element.sensitivity.isEmpty }
        guard !measured.isEmpty else { return nil }
        let hasAccuracy = measured.allSatisfy { entry in
            entry.element.sensitivity.allSatisfy { $0.heldOut.accuracy != nil }
        }
        let worst = measured.flatMap { $0.element.sensitivity.map(\.heldOut.loss) }.max() ?? 0
        let y =
            hasAccuracy
            ? Axis("accuracy", notation: .percent, includes: [0, 1])
            : Axis("loss", includes: [0, worst])
        func figure(_ entry: (offset: Int, element: GroupMetrics)) -> ReportPage.Figure {
            let group = entry.element
            let chart = sensitivityChart(
                group,
                identifier: "sensitivity-\(entry.offset)",
                y: y,
                hasAccuracy: hasAccuracy
            )
            return ReportPage.Figure(
                title: group.name,
                drawing: Markup(chart.markup),
                note: "\(group.units.before) → \(group.units.after) units"
                    + (group.note.map { note in
                        group.units.before == group.units.after
                            ? "; left whole: \(note)" : "; \(note)"
                    } ?? "")
            )
        }
        let shown = Self.split(measured)
        let sample = sensitivityChart(
            measured[0].element,
            identifier: "sensitivity-key",
            y: y,
            hasAccuracy: hasAccuracy
        )
        return ReportPage.Section(
            anchor: "sensitivity",
            title: "Where it could be cut",
            shortTitle: "Sensitivity",
            text: "For each coupled group: the quality on held-out samples when a share of its "
                + "channels is removed and everything else is left whole. A flat curve is a group "
                + "that can give; the ring is the share that was chosen." + scanText,
            multiples: shown.first.map(figure),
            furtherMultiples: shown.further.map(figure),
            furtherTitle: Self.furtherTitle(shown.further.count),
            key: Markup(sample.legendMarkup),
            tables: [sensitivityTable(measured.map(\.element))]
        )
    }

    /// Charts of groups side by side, before the others are shown only when asked for.
    static let mostMultiples = 24
    static let fewMultiples = 12

    /// All groups, or where there are many those that lost most channels, and the others.
    static func split(
        _ groups: [(offset: Int, element: GroupMetrics)]
    ) -> (
        first: [(offset: Int, element: GroupMetrics)],
        further: [(offset: Int, element: GroupMetrics)]
    ) {
        guard groups.count > mostMultiples else { return (groups, []) }
        func lost(_ group: GroupMetrics) -> Int { group.units.before - group.units.after }
        let order = groups.sorted {
            (-lost($0.element), $0.offset) < (-lost($1.element), $1.offset)
        }
        let first = Set(order.prefix(fewMultiples).map(\.offset))
        return (
            groups.filter { first.contains($0.offset) },
            groups.filter { !first.contains($0.offset) }
        )
    }

    static func furtherTitle(_ count: Int) -> String? {
        count == 0
            ? nil : "The other \(count) groups; those above lost most channels"
    }

    private func sensitivityChart(
        _ group: GroupMetrics,
        identifier: String,
        y: Axis,
        hasAccuracy: Bool
    ) -> LineChart {
        func value(_ quality: QualityMetrics) -> Double {
            hasAccuracy ? quality.accuracy ?? 0 : quality.loss
        }
        let base = LineChart.Point(x: 0, y: value(before.heldOut), name: "whole")
        let points =
            [base]
            + group.sensitivity.map { point in
                LineChart.Point(
                    x: 1 - Double(point.keptUnits) / Double(max(1, group.units.before)),
                    y: value(point.heldOut),
                    name: "\(point.keptUnits) units kept"
                )
            }
        let chosen = 1 - group.units.share
        var chart = LineChart(
            identifier: identifier,
            title: "Sensitivity of group \(group.name)",
            summary: "Quality on held-out samples over the share of units removed; "
                + "\(group.units.before - group.units.after) of \(group.units.before) were removed.",
            x: Axis("share removed", notation: .percent, includes: [0, 1]),
            y: y
        )
        chart.series = [LineChart.Series(name: "this group cut", style: .first, points: points)]
        chart.levels = [
            LineChart.Level(name: "teacher", style: .second, value: value(before.heldOut))
        ]
        chart.choice = LineChart.Point(
            x: chosen,
            y: Self.interpolated(points, at: chosen),
            name: "chosen"
        )
        chart.width = 250
        chart.height = 180
        chart.hasLegend = false
        return chart
    }

    /// The value at a place between two points of a curve, by a straight line.
    static func interpolated(_ points: [LineChart.Point], at x: Double) -> Double {
        let points = points.sorted { $0.x < $1.x }
        guard let upper = points.firstIndex(where: { $0.x >= x }) else {
            return points.last?.y ?? 0
        }
        guard upper > 0 else { return points[0].y }
        let (left, right) = (points[upper - 1], points[upper])
        guard right.x > left.x else { return right.y }
        return left.y + (right.y - left.y) * (x - left.x) / (right.x - left.x)
    }

    private func sensitivityTable(_ groups: [GroupMetrics]) -> ReportPage.Table {
        ReportPage.Table(
            "Groups: channels kept, and the quality when half of them go",
            ["group", "units before", "after", "kept", "accuracy at half", "loss at half"],
            rows: groups.map { group in
                let half = group.sensitivity.min {
                    abs($0.removedFraction - 0.5) < abs($1.removedFraction - 0.5)
                }
                return [
                    group.name, "\(group.units.before)", "\(group.units.after)",
                    NumberText.percent(group.units.share, digits: 1),
                    Self.percent(half?.heldOut.accuracy),
                    half.map { NumberText.fixed($0.heldOut.loss, 4) } ?? "not measured",
                ]
            },
            isSortable: true,
            isFolded: groups.count > Self.fewMultiples
        )
    }
}
