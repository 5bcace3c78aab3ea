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
            subtitle: "Model “\(metrics.run.modelName)”, finished "
                + "\(Self.time(metrics.run.finishedAt)), seed \(metrics.run.seed)",
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
            shortTitle: "Models",
            text: "One multiply-accumulate (mac) is two floating-point operations (FLOPs). Test "
                + "samples took no part in any decision; held-out samples did.",
            leadingTables: [
                ReportPage.Table("Teacher and student", BeforeAfterTable.columns, rows: modelRows)
            ],
            figures: [
                ReportPage.Figure(title: remainsChart.title, drawing: Markup(remainsChart.markup))
            ],
            trailingTables: [budgetTable]
        )
    }

    private var modelRows: [[String]] {
        BeforeAfterTable(metrics).rows.map { [$0.name, $0.before, $0.after, $0.change] }
    }

    private var remainsChart: RowChart {
        func share(_ count: KeyPath<ModelMetrics, Int>) -> Double {
            BeforeAfter(before: before[keyPath: count], after: after[keyPath: count]).share
        }
        let shares: [(String, Double)] =
            [
                ("macs", share(\.macs)), ("parameters", share(\.parameters)),
                ("file", share(\.fileBytes)),
                ("activation memory", share(\.peakActivationBytes)),
            ]
            + metrics.latency.map { latency in
                let median = latency.medianMilliseconds
                return (
                    "latency, batch \(latency.batchSamples)",
                    median.before > 0 ? median.after / median.before : 1
                )
            }
        return RowChart(
            identifier: "remains",
            title: "What is left of the teacher",
            summary: "The student's share of what the teacher costs; the values are in the table.",
            axis: Axis("share of the teacher's", notation: .percent, includes: [1]),
            form: .bars,
            series: [RowChart.Series(name: "student", style: .first)],
            rows: shares.map { name, share in
                RowChart.Row(
                    name: name,
                    values: [share],
                    note: NumberText.percent(share, digits: 1)
                )
            }
        )
    }

    private var budgetTable: ReportPage.Table {
        let budget = metrics.budget
        return ReportPage.Table(
            "Asked and achieved",
            ["budget of", budget.unit.replacing("_", with: " ")],
            rows: [
                ["asked", budget.askedText],
                ["that is at most", budget.text(budget.limit)],
                ["achieved", budget.text(budget.achieved)],
                ["used of it", NumberText.percent(budget.achieved / max(budget.limit, 1e-9))],
                ["the teacher's", budget.text(budget.teacher)],
            ]
        )
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
            shortTitle: "Repair",
            text:
                "Surgery removes the channels; compensation folds their means into the biases and "
                + "fits the kept weights by least squares; BatchNorm statistics are measured anew; "
                + "distillation trains the student on the teacher's answers. In place: on the "
                + "student's own inputs, the errors of the layers before included.",
            figures: [
                ReportPage.Figure(
                    title: chart.title,
                    drawing: Markup(chart.markup),
                    table: table
                )
            ] + compensationFigures,
            tables: repairNoteTables
        )
    }

    private var repairNoteTables: [ReportPage.Table] {
        guard !metrics.repairNotes.isEmpty else { return [] }
        return [
            ReportPage.Table(
                "Layers that could not be repaired as they should",
                ["layer", "why"],
                rows: metrics.repairNotes.map { [$0.name, $0.reason] }
            )
        ]
    }

    private var compensationFigures: [ReportPage.Figure] {
        let groups = metrics.groups.filter { $0.compensation != nil }
        guard !groups.isEmpty else { return [] }
        let values = groups.map { group in
            [
                group.compensation?.raw, group.compensation?.folded,
                group.compensation?.leastSquares, group.compensation?.fitted,
            ]
        }
        let chart = RowChart(
            identifier: "compensation",
            title: "Error of the layers that read each group",
            summary: "As a share of the variance of their outputs: with the weights as they were, "
                + "with the means folded into the bias, with the weights fitted by least squares, "
                + "and as fitted behind the cuts of earlier layers.",
            axis: Axis("share of variance lost", kind: .logarithmic),
            form: .marks,
            series: [
                RowChart.Series(name: "before repair", style: .third),
                RowChart.Series(name: "folded", style: .second),
                RowChart.Series(name: "least squares", style: .first),
                RowChart.Series(name: "in place", style: .fourth),
            ],
            rows: zip(groups, values).sorted { ($0.1[0] ?? 0) > ($1.1[0] ?? 0) }
                .prefix(Self.mostRows).map { RowChart.Row(name: $0.name, values: $1) }
        )
        let table = ReportPage.Table(
            chart.title,
            ["group", "before repair", "folded", "least squares", "in place"],
            rows: zip(groups, values).map { group, errors in
                [group.name] + errors.map(Self.share)
            },
            isSortable: true
        )
        return [
            ReportPage.Figure(
                title: chart.title,
                drawing: Markup(chart.markup),
                note: groups.count > Self.mostRows
                    ? "the \(Self.mostRows) of \(groups.count) groups with the largest" : nil,
                table: table
            )
        ]
    }

    /// A chart with a row for each group or layer shows at most so many.
    static let mostRows = 24

    /// A time of day for a person: `2026-01-02 03:24 UTC`.
    static func time(_ timestamp: String) -> String {
        let parts = timestamp.split(separator: "T")
        guard parts.count == 2, parts[1].hasSuffix("Z") else { return timestamp }
        return "\(parts[0]) \(parts[1].prefix(5)) UTC"
    }

    static func percent(_ share: Double?) -> String {
        share.map { NumberText.percent($0) } ?? "not measured"
    }

    static func share(_ value: Double?) -> String {
        value.map { NumberText.significant($0, 3) } ?? "not measured"
    }
}
