/// The report of a finished job: one page that needs nothing else, made of its metrics alone.
public struct Report: Sendable {
    let metrics: JobMetrics
    /// The resolved spec, as it is delivered beside the report.
    let spec: String

    /// Prepares a report.
    ///
    /// - Parameters:
    ///   - metrics: Everything the job found out.
    ///   - spec: The resolved spec.
    public init(_ metrics: JobMetrics, spec: String) {
        self.metrics = metrics
        self.spec = spec
    }

    /// The page, UTF-8.
    public var html: String { PageTemplate.report.filled(with: page) }

    private var page: ReportPage {
        let verdict = ReportVerdict(metrics)
        let sections: [ReportPage.Section?] = [
            modelSection, sensitivitySection, networkSection, searchSection, repairSection,
            distillationSection, candidateSection, classSection, timeSection, provenanceSection,
        ]
        return ReportPage(
            title: "\(metrics.run.job): before and after compression",
            subtitle: "\(metrics.run.modelName), finished \(metrics.run.finishedAt), seed "
                + "\(metrics.run.seed)",
            verdictClass: verdict.className,
            verdict: verdict.sentence,
            headlines: verdict.headlines,
            checks: verdict.checks,
            sections: sections.compactMap { $0 },
            footer: "Made by Espalier \(metrics.run.versions.espalier). The same numbers for "
                + "programs: metrics.json, history.csv, sensitivity.csv, kept-channels.json."
        )
    }

    var before: ModelMetrics { metrics.model.before }
    var after: ModelMetrics { metrics.model.after }

    private var modelSection: ReportPage.Section {
        ReportPage.Section(
            anchor: "models",
            title: "What came in and what came out",
            text: "One multiply-accumulate (mac) is two floating-point operations (FLOPs). Test "
                + "samples took no part in any decision; held-out samples did.",
            tables: [
                ReportPage.Table("Teacher and student", BeforeAfterTable.columns, rows: modelRows)
            ]
        )
    }

    private var modelRows: [[String]] {
        BeforeAfterTable(metrics).rows.map { [$0.name, $0.before, $0.after, $0.change] }
    }

    private var repairSection: ReportPage.Section {
        let stages = metrics.stages
        let steps: [(String, QualityMetrics)] = [
            ("teacher", before.heldOut), ("pruned", stages.pruned),
            ("compensated", stages.compensated), ("re-estimated", stages.reestimated),
            ("distilled", stages.distilled),
        ]
        let hasAccuracy = steps.allSatisfy { $0.1.accuracy != nil }
        let chart = RowChart(
            identifier: "steps",
            title: hasAccuracy ? "Accuracy after each step" : "Loss after each step",
            summary: "On held-out samples, from the teacher through pruning, compensation and "
                + "BatchNorm re-estimation to distillation.",
            axis: hasAccuracy
                ? Axis("accuracy on held-out samples", notation: .percent, includes: [1])
                : Axis("loss on held-out samples"),
            form: .bars,
            series: [RowChart.Series(name: "student", style: .first)],
            rows: steps.map { name, quality in
                let value = hasAccuracy ? quality.accuracy ?? 0 : quality.loss
                return RowChart.Row(
                    name: name,
                    values: [value],
                    note: hasAccuracy ? NumberText.percent(value) : NumberText.significant(value, 4)
                )
            }
        )
        let table = ReportPage.Table(
            "Quality on held-out samples after each step",
            ["step", "accuracy", "loss"],
            rows: steps.map { [$0.0, Self.percent($0.1.accuracy), NumberText.fixed($0.1.loss, 4)] }
        )
        return ReportPage.Section(
            anchor: "repair",
            title: "What cutting cost and what repair gave back",
            text:
                "Surgery removes the channels; compensation folds their means into the biases and "
                + "fits the kept weights by least squares; BatchNorm statistics are measured anew; "
                + "distillation trains the student on the teacher's answers.",
            figures: [
                ReportPage.Figure(
                    title: chart.title,
                    drawing: Markup(chart.markup),
                    table: table
                )
            ] + compensationFigures
        )
    }

    private var compensationFigures: [ReportPage.Figure] {
        let groups = metrics.groups.filter { $0.compensation != nil }
        guard !groups.isEmpty else { return [] }
        let values = groups.map { group in
            [group.compensation?.raw, group.compensation?.folded, group.compensation?.leastSquares]
        }
        let chart = RowChart(
            identifier: "compensation",
            title: "Error of the layers that read each group",
            summary: "As a share of the variance of their outputs: with the weights as they were, "
                + "with the means folded into the bias, and with the weights fitted.",
            axis: Axis("share of variance lost", kind: .logarithmic),
            form: .marks,
            series: [
                RowChart.Series(name: "before repair", style: .third),
                RowChart.Series(name: "folded", style: .second),
                RowChart.Series(name: "least squares", style: .first),
            ],
            rows: zip(groups, values).map { RowChart.Row(name: $0.name, values: $1) }
        )
        let table = ReportPage.Table(
            chart.title,
            ["group", "before repair", "folded", "least squares"],
            rows: zip(groups, values).map { group, errors in
                [group.name] + errors.map(Self.share)
            },
            isSortable: true
        )
        return [
            ReportPage.Figure(title: chart.title, drawing: Markup(chart.markup), table: table)
        ]
    }

    static func percent(_ share: Double?) -> String {
        share.map { NumberText.percent($0) } ?? "not measured"
    }

    static func share(_ value: Double?) -> String {
        value.map { NumberText.significant($0, 3) } ?? "not measured"
    }
}
