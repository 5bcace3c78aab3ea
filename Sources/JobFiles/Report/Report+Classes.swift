extension Report {
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
                RowChart.Series(name: "before", style: .past),
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
            shortTitle: "Classes",
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
            trailingTables: confusionTables
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
