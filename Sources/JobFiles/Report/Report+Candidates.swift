extension Report {
    private var candidatesHaveAccuracy: Bool {
        metrics.candidates.allSatisfy { $0.heldOut.accuracy != nil }
    }

    private func value(_ quality: QualityMetrics) -> Double {
        candidatesHaveAccuracy ? quality.accuracy ?? 0 : quality.loss
    }

    private var valueName: String { candidatesHaveAccuracy ? "accuracy" : "loss" }

    var candidateSection: ReportPage.Section? {
        guard !metrics.candidates.isEmpty else { return nil }
        let (chart, rows) = (tradeOffChart, candidateChart)
        return ReportPage.Section(
            anchor: "candidates",
            title: "What else was tried",
            shortTitle: "Candidates",
            text:
                "Each candidate shares the budget out over the groups in another way. All were cut "
                + "and repaired; the one with the lowest held-out loss within the budget went on "
                + "to distillation, widths that are fast to compute preferred where they cost "
                + "less than a hundredth of it.",
            figures: [
                ReportPage.Figure(title: chart.title, drawing: Markup(chart.markup)),
                ReportPage.Figure(
                    title: rows.title,
                    drawing: Markup(rows.markup),
                    table: candidateTable
                ),
            ]
        )
    }

    /// All candidates beside teacher and student.
    private var tradeOffChart: LineChart {
        func point(_ name: String, _ macs: Int, _ quality: QualityMetrics) -> LineChart.Point {
            LineChart.Point(x: Double(macs), y: value(quality), name: name)
        }
        func marks(
            _ name: String,
            _ style: SeriesStyle,
            _ points: [LineChart.Point]
        ) -> LineChart.Series {
            LineChart.Series(name: name, style: style, points: points, isJoined: false)
        }
        let points = metrics.candidates.map { point($0.name, $0.macs, $0.heldOut) }
        var chart = LineChart(
            identifier: "candidates",
            title: "Held-out \(valueName) against macs",
            summary: "\(points.count) ways to share the budget out, measured after repair and "
                + "before distillation, beside the teacher and the delivered student.",
            x: Axis("macs of one sample", notation: .short, includes: [0]),
            y: Axis(
                "held-out \(valueName)",
                notation: candidatesHaveAccuracy ? .percent : .plain
            )
        )
        chart.series = [
            marks("candidates, repaired", .first, points),
            marks("teacher", .second, [point("", before.macs, before.heldOut)]),
            marks("student, delivered", .third, [point("", after.macs, metrics.stages.distilled)]),
        ]
        if let index = metrics.candidates.firstIndex(where: \.isChosen) {
            chart.choice = points[index]
            chart.choice?.name = "chosen"
        }
        if metrics.budget.unit == "macs" {
            chart.moments = [LineChart.Moment(name: "budget", value: metrics.budget.limit)]
        }
        chart.height = 300
        return chart
    }

    private static let mostCandidates = 24

    /// The candidates from closer, the best first.
    private var candidateChart: RowChart {
        let sign = candidatesHaveAccuracy ? -1.0 : 1.0
        let order = metrics.candidates.enumerated().sorted {
            (sign * value($0.element.heldOut), $0.offset) < (
                sign * value($1.element.heldOut), $1.offset
            )
        }.map(\.element)
        return RowChart(
            identifier: "candidate-rows",
            title: "Held-out \(valueName) of each candidate",
            summary: "After repair and before distillation, the best first.",
            axis: Axis(
                "held-out \(valueName) after repair",
                notation: candidatesHaveAccuracy ? .percent : .plain
            ),
            form: .marks,
            series: [RowChart.Series(name: valueName, style: .first)],
            rows: order.prefix(Self.mostCandidates).map { candidate in
                RowChart.Row(
                    name: candidate.name,
                    values: [value(candidate.heldOut)],
                    note: candidate.isChosen
                        ? "chosen" : "\(NumberText.short(Double(candidate.macs)))"
                )
            }
        )
    }

    private var candidateTable: ReportPage.Table {
        ReportPage.Table(
            "Candidates after repair, before distillation",
            [
                "candidate", "macs", "parameters", "held-out accuracy", "held-out loss",
                "widths rounded", "chosen",
            ],
            rows: metrics.candidates.map { candidate in
                [
                    candidate.name, NumberText.grouped(candidate.macs),
                    NumberText.grouped(candidate.parameters),
                    Self.percent(candidate.heldOut.accuracy),
                    NumberText.fixed(candidate.heldOut.loss, 4),
                    candidate.isRounded ? "yes" : "no", candidate.isChosen ? "yes" : "no",
                ]
            },
            isSortable: true
        )
    }
}
