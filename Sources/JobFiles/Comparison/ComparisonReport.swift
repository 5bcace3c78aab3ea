/// The report of a job with several students: one page that needs nothing else and leads to theirs.
public struct ComparisonReport: Sendable {
    private let metrics: ComparisonMetrics
    /// The resolved spec, as it is delivered beside the report.
    private let spec: String

    /// Prepares a report.
    public init(_ metrics: ComparisonMetrics, spec: String) {
        self.metrics = metrics
        self.spec = spec
    }

    /// The page, UTF-8.
    public var html: String { PageTemplate.report.filled(with: page) }

    private var hasAccuracy: Bool {
        (metrics.students.map(\.model) + [metrics.teacher]).allSatisfy {
            $0.quality.accuracy != nil
        }
    }

    private var quality: String { hasAccuracy ? "accuracy" : "loss" }
    private var samples: String { metrics.teacher.test == nil ? "held-out" : "test" }
    private var notation: Axis.Notation { hasAccuracy ? .percent : .plain }

    private func value(_ quality: QualityMetrics) -> Double {
        hasAccuracy ? quality.accuracy ?? 0 : quality.loss
    }

    private var methods: [String] {
        metrics.students.reduce(into: []) { known, student in
            if !known.contains(student.method) { known.append(student.method) }
        }
    }

    private var page: ReportPage {
        ReportPage(
            title: "\(metrics.job): \(metrics.students.count) students side by side",
            subtitle: "Model “\(metrics.modelName)”, finished \(Report.time(metrics.finishedAt)), "
                + "seed \(metrics.seed)",
            verdictClass: metrics.students.allSatisfy(\.budget.isMet) ? "good" : "fair",
            verdict: verdict,
            headlines: headlines,
            checks: checks,
            sections: [studentSection, tradeOffSection, stepSection, specSection],
            footer: "Made by Espalier \(metrics.espalier). The same numbers for programs: "
                + "comparison.json, comparison.csv; each student's folder has its own report."
        )
    }

    private var verdict: String {
        guard let best = metrics.best else { return "No student keeps its budget." }
        let value = value(best.model.quality)
        let text = hasAccuracy ? NumberText.percent(value) : NumberText.fixed(value, 4)
        return "\(best.name) answers best: \(text) \(samples) \(quality)"
    }

    private var headlines: [ReportPage.Fact] {
        budgets.map { budget in
            let own = metrics.students.filter { $0.budget.asked == budget.asked }
            var part = metrics
            part.students = own
            guard let best = part.best else {
                return ReportPage.Fact(name: budget.askedText, value: "missed", note: nil)
            }
            let value = value(best.model.quality)
            return ReportPage.Fact(
                name: "At \(budget.askedText) \(budget.counted)",
                value: hasAccuracy ? NumberText.percent(value) : NumberText.fixed(value, 4),
                note: own.count > 1
                    ? "by \(best.method), the best of \(own.count)" : "by \(best.method)"
            )
        }
    }

    private var budgets: [BudgetMetrics] {
        metrics.students.reduce(into: []) { known, student in
            if !known.contains(where: { $0.asked == student.budget.asked }) {
                known.append(student.budget)
            }
        }
    }

    private var checks: [ReportPage.Check] {
        let missed = metrics.students.filter { !$0.budget.isMet }.map(\.name)
        return [
            ReportPage.Check(
                isGood: missed.isEmpty,
                text: missed.isEmpty
                    ? "Every student keeps its budget."
                    : "Over the budget: \(missed.joined(separator: ", "))."
            ),
            ReportPage.Check(
                isGood: metrics.teacher.test != nil,
                text: metrics.teacher.test != nil
                    ? "The test samples took no part in any decision; but who picks the best of "
                        + "several students by them has used them."
                    : "There were no labelled test samples: the quality is that on held-out "
                        + "samples, on which decisions were made."
            ),
        ]
    }

    private var studentSection: ReportPage.Section {
        ReportPage.Section(
            anchor: "students",
            title: "Side by side",
            shortTitle: "Students",
            text: "Pruned, repaired and distilled are the \(quality) on held-out samples after "
                + "surgery alone, after compensation and BatchNorm re-estimation, and after "
                + "distillation. Choosing is all that was done for the student alone before "
                + "distillation; what all share took "
                + NumberText.duration(metrics.sharedStageTimes.reduce(0) { $0 + $1.wallSeconds })
                + ".",
            tables: [
                ReportPage.Table(
                    "Teacher and students",
                    ComparisonTable.columns,
                    rows: ComparisonTable(metrics).rows,
                    isSortable: true
                )
            ]
        )
    }

    private var tradeOffSection: ReportPage.Section {
        var chart = LineChart(
            identifier: "trade-off",
            title: "\(samples.capitalizedFirst) \(quality) over macs",
            summary: "Every student beside the teacher; the values are in the table.",
            x: Axis("macs of one sample", notation: .short, includes: [0]),
            y: Axis("\(samples) \(quality)", notation: notation)
        )
        func point(_ name: String, _ model: ModelMetrics) -> LineChart.Point {
            LineChart.Point(x: Double(model.macs), y: value(model.quality), name: name)
        }
        // Beyond six methods the styles would not tell them apart: the rows of the next chart do.
        let areTold = methods.count < SeriesStyle.palette.count
        let shown = areTold ? methods.map { [$0] } : [methods]
        chart.series = zip(shown, SeriesStyle.palette).map { names, style in
            let own = metrics.students.filter { names.contains($0.method) }
            return LineChart.Series(
                name: areTold ? names[0] : "students",
                style: style,
                points: own.map { point($0.name, $0.model) }.sorted { $0.x < $1.x },
                isJoined: areTold && own.count > 1
            )
        }
        chart.series.append(
            LineChart.Series(
                name: "teacher",
                style: .past,
                points: [point("teacher", metrics.teacher)],
                isJoined: false
            )
        )
        chart.width = 560
        chart.height = 320
        return ReportPage.Section(
            anchor: "trade-off",
            title: "What is paid for what",
            shortTitle: "Trade-off",
            text: "The further up and to the left, the better.",
            figures: [ReportPage.Figure(title: chart.title, drawing: Markup(chart.markup))]
        )
    }

    private var stepSection: ReportPage.Section {
        let chart = RowChart(
            identifier: "steps",
            title: "Held-out \(quality) after each step",
            summary: "Pruned, repaired, distilled, for each student; the values are in the table.",
            axis: Axis("held-out \(quality)", notation: notation, includes: hasAccuracy ? [1] : []),
            form: .marks,
            series: [
                RowChart.Series(name: "pruned", style: .third),
                RowChart.Series(name: "repaired", style: .second),
                RowChart.Series(name: "distilled", style: .first),
            ],
            rows: metrics.students.map { student in
                RowChart.Row(
                    name: student.name,
                    values: [
                        student.stages.pruned, student.stages.reestimated,
                        student.stages.distilled,
                    ].map { value($0) }
                )
            },
            width: 560
        )
        return ReportPage.Section(
            anchor: "steps",
            title: "What each step gave back",
            shortTitle: "Steps",
            text: "The same repair and the same training for all, so that what differs is the "
                + "choice of the channels.",
            figures: [ReportPage.Figure(title: chart.title, drawing: Markup(chart.markup))]
        )
    }

    private var specSection: ReportPage.Section {
        ReportPage.Section(
            anchor: "provenance",
            title: "Where it comes from",
            shortTitle: "Provenance",
            text: "One job made all students from one reading of the model and the data.",
            foldedText: spec,
            foldedTitle: "The spec with every default"
        )
    }
}
