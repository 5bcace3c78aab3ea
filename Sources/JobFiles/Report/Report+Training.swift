extension Report {
    var distillationSection: ReportPage.Section? {
        guard !metrics.epochs.isEmpty else { return nil }
        var figures = [lossChart, rateChart]
        if metrics.epochs.contains(where: { $0.heldOut.accuracy != nil }) {
            figures.insert(accuracyChart, at: 1)
        }
        let resumes = metrics.run.resumes.count { $0.stage == "distillation" }
        return ReportPage.Section(
            anchor: "distillation",
            title: "How the student learned",
            text: "The student learns from the teacher's answers; the epoch that did best on "
                + "held-out samples is the one delivered."
                + (resumes > 0
                    ? " Upright lines mark where training was interrupted and went on from its "
                        + "checkpoint." : ""),
            figures: figures.enumerated().map { index, chart in
                ReportPage.Figure(
                    title: chart.title,
                    drawing: Markup(chart.markup),
                    table: index == 0 ? epochTable : nil
                )
            }
        )
    }

    /// The moments of training that followed an interruption, in epochs.
    private var resumeMoments: [LineChart.Moment] {
        metrics.run.resumes.filter { $0.stage == "distillation" && $0.steps > 0 }.map { resume in
            let share = Double(resume.step) / Double(resume.steps)
            return LineChart.Moment(name: "resumed", value: share * Double(metrics.epochs.count))
        }
    }

    private func epochChart(
        _ identifier: String,
        _ title: String,
        _ y: Axis,
        _ series: [(name: String, value: (EpochMetrics) -> Double?)]
    ) -> LineChart {
        var chart = LineChart(
            identifier: identifier,
            title: title,
            summary: "Over \(metrics.epochs.count) epochs; the values are in the table of the "
                + "first chart.",
            x: Axis("epoch", includes: [0, Double(metrics.epochs.count)]),
            y: y
        )
        let hasFew = metrics.epochs.count <= 30
        chart.series = zip(series, SeriesStyle.allCases).map { entry, style in
            LineChart.Series(
                name: entry.name,
                style: style,
                points: metrics.epochs.compactMap { epoch in
                    entry.value(epoch).map { LineChart.Point(x: Double(epoch.epoch + 1), y: $0) }
                },
                hasMarkers: hasFew
            )
        }
        chart.moments = resumeMoments
        return chart
    }

    private var lossChart: LineChart {
        epochChart(
            "loss",
            "Loss",
            Axis("loss"),
            [("training", { $0.loss }), ("held-out", { $0.heldOut.loss })]
        )
    }

    private var accuracyChart: LineChart {
        var chart = epochChart(
            "accuracy",
            "Accuracy",
            Axis("accuracy", notation: .percent),
            [("training", { $0.accuracy }), ("held-out", { $0.heldOut.accuracy })]
        )
        if let teacher = before.heldOut.accuracy {
            chart.levels = [
                LineChart.Level(name: "teacher, held-out", style: .third, value: teacher)
            ]
        }
        return chart
    }

    private var rateChart: LineChart {
        epochChart(
            "rate",
            "Learning rate",
            Axis("learning rate", includes: [0]),
            [("learning rate", { $0.learningRate })]
        )
    }

    private var epochTable: ReportPage.Table {
        ReportPage.Table(
            "Epochs of distillation",
            ["epoch", "loss", "accuracy", "held-out loss", "held-out accuracy", "learning rate"],
            rows: metrics.epochs.map { epoch in
                [
                    "\(epoch.epoch + 1)", NumberText.fixed(epoch.loss, 4),
                    Self.percent(epoch.accuracy), NumberText.fixed(epoch.heldOut.loss, 4),
                    Self.percent(epoch.heldOut.accuracy),
                    NumberText.significant(epoch.learningRate, 3),
                ]
            }
        )
    }

    var candidateSection: ReportPage.Section? {
        guard !metrics.candidates.isEmpty else { return nil }
        let hasAccuracy = metrics.candidates.allSatisfy { $0.heldOut.accuracy != nil }
        func point(_ name: String, _ macs: Int, _ quality: QualityMetrics) -> LineChart.Point {
            let value = hasAccuracy ? quality.accuracy ?? 0 : quality.loss
            return LineChart.Point(x: Double(macs), y: value, name: name)
        }
        let points = metrics.candidates.map { point($0.name, $0.macs, $0.heldOut) }
        var chart = LineChart(
            identifier: "candidates",
            title: hasAccuracy ? "Accuracy against macs" : "Loss against macs",
            summary:
                "\(points.count) ways to share the budget out, measured after repair and before "
                + "distillation, beside the teacher and the delivered student.",
            x: Axis("macs of one sample", notation: .short),
            y: hasAccuracy ? Axis("held-out accuracy", notation: .percent) : Axis("held-out loss")
        )
        chart.series = [
            LineChart.Series(
                name: "candidates, repaired",
                style: .first,
                points: points,
                isJoined: false,
                isNamed: points.count <= 8
            ),
            LineChart.Series(
                name: "teacher",
                style: .second,
                points: [point("", before.macs, before.heldOut)],
                isJoined: false
            ),
            LineChart.Series(
                name: "student, distilled",
                style: .third,
                points: [point("", after.macs, metrics.stages.distilled)],
                isJoined: false
            ),
        ]
        if let index = metrics.candidates.firstIndex(where: \.isChosen) {
            chart.choice = points[index]
            chart.choice?.name = "chosen"
        }
        if metrics.budget.unit == "macs" {
            chart.moments = [LineChart.Moment(name: "budget", value: metrics.budget.limit)]
        }
        chart.width = 640
        chart.height = 320
        return ReportPage.Section(
            anchor: "candidates",
            title: "What else was tried",
            text:
                "Each candidate shares the budget out over the groups in another way. All were cut "
                + "and repaired; the best on held-out samples within the budget went on to "
                + "distillation.",
            figures: [
                ReportPage.Figure(
                    title: chart.title,
                    drawing: Markup(chart.markup),
                    table: candidateTable
                )
            ]
        )
    }

    private var candidateTable: ReportPage.Table {
        ReportPage.Table(
            "Candidates after repair, before distillation",
            ["candidate", "macs", "parameters", "held-out accuracy", "held-out loss", "chosen"],
            rows: metrics.candidates.map { candidate in
                [
                    candidate.name, NumberText.grouped(candidate.macs),
                    NumberText.grouped(candidate.parameters),
                    Self.percent(candidate.heldOut.accuracy),
                    NumberText.fixed(candidate.heldOut.loss, 4), candidate.isChosen ? "yes" : "no",
                ]
            },
            isSortable: true
        )
    }

    private static let mostClasses = 30

    var classSection: ReportPage.Section? {
        guard let classes = metrics.classes, !classes.isEmpty else { return nil }
        func share(_ entry: ClassMetrics, _ count: Int) -> Double {
            entry.samples == 0 ? 0 : Double(count) / Double(entry.samples)
        }
        func change(_ entry: ClassMetrics) -> Double {
            share(entry, entry.correct.after) - share(entry, entry.correct.before)
        }
        let shown =
            classes.count <= Self.mostClasses
            ? classes
            : classes.sorted { (abs(change($1)), $0.label) < (abs(change($0)), $1.label) }
                .prefix(Self.mostClasses).sorted { $0.label < $1.label }
        let chart = RowChart(
            identifier: "classes",
            title: "Accuracy of each class before and after",
            summary: "On test samples; the values are in the table.",
            axis: Axis("accuracy on test samples", notation: .percent),
            form: .marks,
            series: [
                RowChart.Series(name: "before", style: .second),
                RowChart.Series(name: "after", style: .first),
            ],
            rows: shown.map { entry in
                RowChart.Row(
                    name: "class \(entry.label)",
                    values: [
                        share(entry, entry.correct.before), share(entry, entry.correct.after),
                    ],
                    note: NumberText.points(change(entry))
                )
            }
        )
        return ReportPage.Section(
            anchor: "classes",
            title: "Who paid for it",
            text: classText(classes, change: change),
            figures: [
                ReportPage.Figure(
                    title: chart.title,
                    drawing: Markup(chart.markup),
                    note: shown.count < classes.count
                        ? "the \(shown.count) that changed most of \(classes.count)" : nil,
                    table: ReportPage.Table(
                        chart.title,
                        ["class", "samples", "before", "after", "change"],
                        rows: classes.map { entry in
                            [
                                "\(entry.label)", "\(entry.samples)",
                                NumberText.percent(share(entry, entry.correct.before)),
                                NumberText.percent(share(entry, entry.correct.after)),
                                NumberText.points(change(entry)),
                            ]
                        },
                        isSortable: true
                    )
                )
            ],
            tables: confusionTables
        )
    }

    private func classText(
        _ classes: [ClassMetrics],
        change: (ClassMetrics) -> Double
    ) -> String {
        guard let worst = classes.min(by: { change($0) < change($1) }),
            let best = classes.max(by: { change($0) < change($1) })
        else { return "" }
        var text =
            "Accuracy of each class on test samples. Class \(worst.label) lost most "
            + "(\(NumberText.points(change(worst)))), class \(best.label) fared best "
            + "(\(NumberText.points(change(best))))."
        if let confusion = metrics.confusions?.first {
            text +=
                " The confusion that changed most: class \(confusion.label) taken for "
                + "\(confusion.answer), \(confusion.samples.before) times before and "
                + "\(confusion.samples.after) times after."
        }
        return text
    }

    private var confusionTables: [ReportPage.Table] {
        guard let confusions = metrics.confusions, !confusions.isEmpty else { return [] }
        return [
            ReportPage.Table(
                "The confusions that changed most",
                ["class", "taken for", "times before", "after", "change"],
                rows: confusions.prefix(12).map { confusion in
                    let change = confusion.samples.after - confusion.samples.before
                    return [
                        "\(confusion.label)", "\(confusion.answer)",
                        "\(confusion.samples.before)", "\(confusion.samples.after)",
                        change > 0 ? "+\(change)" : "\(change)",
                    ]
                },
                isSortable: true
            )
        ]
    }
}
