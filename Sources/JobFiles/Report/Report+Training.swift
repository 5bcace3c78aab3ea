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
            shortTitle: "Training",
            text: "The student learns from the teacher's answers. " + bestEpochText
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

    /// What is delivered: the best epoch, or the repaired student where no epoch did better.
    private var bestEpochText: String {
        let best = metrics.epochs.first { $0.heldOut == metrics.stages.distilled }
        guard let best else {
            return metrics.stages.distilled == metrics.stages.reestimated
                ? "No epoch did better on held-out samples than the repaired student, which is "
                    + "therefore delivered as it was."
                : "The best on held-out samples is delivered."
        }
        return "Epoch \(best.epoch + 1) did best on held-out samples and is the one delivered."
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
        _ series: [(name: String, start: Double?, value: (EpochMetrics) -> Double?)]
    ) -> LineChart {
        var chart = LineChart(
            identifier: identifier,
            title: title,
            summary: "Over \(metrics.epochs.count) epochs; the values are in the table of the "
                + "first chart.",
            x: Axis("epoch", notation: .whole, includes: [0, Double(metrics.epochs.count)]),
            y: y
        )
        let hasFew = metrics.epochs.count <= 30
        chart.series = zip(series, SeriesStyle.palette).map { entry, style in
            LineChart.Series(
                name: entry.name,
                style: style,
                points: (entry.start.map { [LineChart.Point(x: 0, y: $0, name: "repaired")] } ?? [])
                    + metrics.epochs.compactMap { epoch in
                        entry.value(epoch).map {
                            LineChart.Point(x: Double(epoch.epoch + 1), y: $0)
                        }
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
            [
                ("training, with the teacher's answers", nil, { $0.loss }),
                ("held-out", metrics.stages.reestimated.loss, { $0.heldOut.loss }),
            ]
        )
    }

    private var accuracyChart: LineChart {
        var chart = epochChart(
            "accuracy",
            "Accuracy",
            Axis("accuracy", notation: .percent),
            [
                ("training", nil, { $0.accuracy }),
                ("held-out", metrics.stages.reestimated.accuracy, { $0.heldOut.accuracy }),
            ]
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
            [("learning rate", nil, { $0.learningRate })]
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
}
