extension Report {
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
        let sample = sensitivityChart(
            measured[0].element,
            identifier: "sensitivity-key",
            y: y,
            hasAccuracy: hasAccuracy
        )
        return ReportPage.Section(
            anchor: "sensitivity",
            title: "Where it could be cut",
            text: "For each coupled group: the quality on held-out samples when a share of its "
                + "channels is removed and everything else is left whole. A flat curve is a group "
                + "that can give; the ring is the share that was chosen.",
            multiples: measured.map { index, group in
                let chart = sensitivityChart(
                    group,
                    identifier: "sensitivity-\(index)",
                    y: y,
                    hasAccuracy: hasAccuracy
                )
                return ReportPage.Figure(
                    title: group.name,
                    drawing: Markup(chart.markup),
                    note: "\(group.units.before) → \(group.units.after) units"
                        + (group.note.map { "; left whole: \($0)" } ?? "")
                )
            },
            key: Markup(sample.legendMarkup),
            tables: [sensitivityTable(measured.map(\.element))]
        )
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
        chart.height = 176
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
            isSortable: true
        )
    }

    var searchSection: ReportPage.Section? {
        let searched = metrics.groups.enumerated().filter { $0.element.search != nil }
        guard let first = searched.first?.element.search else { return nil }
        return ReportPage.Section(
            anchor: "search",
            title: "How well the channels were chosen",
            text: "The error that removing the chosen channels leaves in the layers that read the "
                + "group, as a share of their variance: lower is better. The genetic search beside "
                + "simpler ways, chance, and the best value possible where it is known.",
            multiples: searched.compactMap { index, group in
                guard let search = group.search else { return nil }
                let chart = searchChart(search, name: group.name, identifier: "search-\(index)")
                return ReportPage.Figure(
                    title: group.name,
                    drawing: Markup(chart.markup),
                    note: searchNote(search)
                )
            },
            key: Markup(searchChart(first, name: "", identifier: "search-key").legendMarkup),
            tables: [searchTable(searched.map(\.element))]
        )
    }

    private func searchNote(_ search: SearchMetrics) -> String {
        if let optimum = search.optimum {
            return search.genetic <= optimum * (1 + 1e-9) + 1e-15
                ? "the optimum, found" : "the optimum is \(NumberText.significant(optimum, 3))"
        }
        let gain = search.diagonal > 0 ? 1 - search.genetic / search.diagonal : 0
        return "\(NumberText.percent(gain, digits: 1)) below diagonal"
    }

    private func searchChart(
        _ search: SearchMetrics,
        name: String,
        identifier: String
    ) -> LineChart {
        var chart = LineChart(
            identifier: identifier,
            title: "Search of group \(name)",
            summary: "Best error after each generation: from "
                + "\(Self.share(search.generations.first)) to \(Self.share(search.genetic)); greedy "
                + "\(Self.share(search.greedy)), diagonal \(Self.share(search.diagonal)), random "
                + "\(Self.share(search.random)).",
            x: Axis("generation", includes: [0, 1]),
            y: Axis("error share", kind: .logarithmic)
        )
        var points = search.generations.enumerated().map { LineChart.Point(x: Double($0), y: $1) }
        let last = Double(max(1, search.generations.count - 1))
        points.append(LineChart.Point(x: last, y: search.genetic, name: "final"))
        chart.series = [
            LineChart.Series(name: "genetic", style: .first, points: points, hasMarkers: false)
        ]
        chart.levels = [
            LineChart.Level(name: "greedy", style: .second, value: search.greedy),
            LineChart.Level(name: "diagonal", style: .third, value: search.diagonal),
            LineChart.Level(name: "random", style: .fourth, value: search.random),
        ]
        if let bound = search.optimum ?? search.lowerBound {
            let name = search.optimum == nil ? "lower bound" : "optimum or bound"
            chart.levels.append(LineChart.Level(name: name, style: .fifth, value: bound))
        }
        chart.width = 250
        chart.height = 176
        chart.hasLegend = false
        return chart
    }

    private func searchTable(_ groups: [GroupMetrics]) -> ReportPage.Table {
        ReportPage.Table(
            "Layer error by the way of choosing, as a share of variance",
            [
                "group", "genetic", "greedy", "diagonal", "magnitude", "random", "bound",
                "generations",
            ],
            rows: groups.map { group in
                let search = group.search
                let values = [
                    search?.genetic, search?.greedy, search?.diagonal, search?.magnitude,
                    search?.random,
                ]
                let bound = search?.optimum ?? search?.lowerBound
                return [group.name] + values.map(Self.share)
                    + [
                        bound.map { NumberText.significant($0, 3) } ?? "not known",
                        "\(max(0, (search?.generations.count ?? 1) - 1))",
                    ]
            },
            isSortable: true
        )
    }
}
