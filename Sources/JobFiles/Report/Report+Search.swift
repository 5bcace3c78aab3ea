extension Report {
    /// The ways of choosing, in the order of their styles.
    private var ways: [(name: String, style: SeriesStyle)] {
        [
            (ownWay, .first), ("greedy", .second), ("diagonal", .third), ("random", .fourth),
            ("bound", .fifth),
        ] + (isGenetic ? [("Surgeon", .sixth)] : [])
    }

    private var isGenetic: Bool { metrics.groups.contains { $0.search?.genetic != nil } }

    /// What the method's own choice is called beside the others.
    private var ownWay: String { isGenetic ? "genetic" : metrics.run.method }

    private func own(_ search: SearchMetrics) -> Double { search.genetic ?? search.cut }

    private func values(_ search: SearchMetrics?) -> [Double?] {
        [
            search.map(own), search?.greedy, search?.diagonal, search?.random,
            search?.optimum ?? search?.lowerBound,
        ] + (isGenetic ? [search?.surgeon] : [])
    }

    var searchSection: ReportPage.Section? {
        let searched = metrics.groups.enumerated().filter { $0.element.search != nil }
        guard let first = searched.first?.element.search else { return nil }
        func figure(_ entry: (offset: Int, element: GroupMetrics)) -> ReportPage.Figure? {
            guard let search = entry.element.search else { return nil }
            let name = entry.element.name
            let chart = searchChart(search, name: name, identifier: "search-\(entry.offset)")
            return ReportPage.Figure(
                title: name,
                drawing: Markup(chart.markup),
                note: searchNote(search)
            )
        }
        let shown = isGenetic ? Self.split(searched) : (first: [], further: [])
        return ReportPage.Section(
            anchor: "search",
            title: "How well the channels were chosen",
            shortTitle: "Search",
            text: "The error that removing the chosen channels leaves in the layers that read the "
                + "group before any weight is fitted, as a share of their variance: lower is "
                + "better. "
                + (isGenetic
                    ? "The genetic search generation by generation,"
                    : "What \(ownWay) chose by its own measure,")
                + " beside greedy removal, the diagonal alone, chance, and the bound that no choice "
                + "can go below." + surgeonText,
            figures: [comparison(searched.map(\.element))],
            multiples: shown.first.compactMap(figure),
            furtherMultiples: shown.further.compactMap(figure),
            furtherTitle: Self.furtherTitle(shown.further.count),
            key: isGenetic
                ? Markup(searchChart(first, name: "", identifier: "search-key").legendMarkup) : nil,
            trailingTables: [certificateTable(searched.map(\.element))]
        )
    }

    private var surgeonText: String {
        let count = metrics.groups.count { $0.search?.chosen == "surgeon" }
        guard count > 0 else { return "" }
        return " In \(count) of \(metrics.groups.count { $0.search != nil }) groups the Surgeon's "
            + "choice was cut: it goes by the error that is left after the weights are fitted, so "
            + "before that it may be larger."
    }

    private func searchNote(_ search: SearchMetrics) -> String {
        let isSurgeons = search.chosen == "surgeon"
        let choice = isSurgeons ? "cut as the Surgeon chose; " : ""
        if let optimum = search.optimum {
            return choice
                + (own(search) <= optimum * (1 + 1e-9) + 1e-15
                    ? "genetic: the optimum, proved"
                    : "the optimum is \(NumberText.significant(optimum, 3))")
        }
        let gain = search.diagonal > 0 ? 1 - own(search) / search.diagonal : 0
        return choice + "genetic: \(NumberText.percent(gain, digits: 1)) below diagonal"
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
                + "\(Self.share(search.generations.first)) to \(Self.share(own(search))); greedy "
                + "\(Self.share(search.greedy)), diagonal \(Self.share(search.diagonal)), random "
                + "\(Self.share(search.random)).",
            x: Axis("generation", notation: .whole, includes: [0, 1]),
            y: Axis("error share", kind: .logarithmic)
        )
        var points = search.generations.enumerated().map { LineChart.Point(x: Double($0), y: $1) }
        let last = Double(max(1, search.generations.count - 1))
        points.append(LineChart.Point(x: last, y: own(search), name: "final"))
        chart.series = [
            LineChart.Series(name: "genetic", style: .first, points: points, hasMarkers: false)
        ]
        chart.levels = zip(ways, values(search)).dropFirst().compactMap { way, value in
            value.map { LineChart.Level(name: way.name, style: way.style, value: $0) }
        }
        chart.width = 250
        chart.height = 180
        chart.hasLegend = false
        return chart
    }

    /// All groups on one scale.
    private func comparison(_ groups: [GroupMetrics]) -> ReportPage.Figure {
        let chart = RowChart(
            identifier: "search-ways",
            title: "Layer error by the way of choosing",
            summary: "As a share of the variance, for each group; the values are in the table.",
            axis: Axis("error share", kind: .logarithmic),
            form: .marks,
            series: ways.map { RowChart.Series(name: $0.name, style: $0.style) },
            rows: groups.sorted { ($0.search.map(own) ?? 0) > ($1.search.map(own) ?? 0) }
                .prefix(Self.mostRows).map { group in
                    RowChart.Row(name: group.name, values: values(group.search))
                }
        )
        return ReportPage.Figure(
            title: chart.title,
            drawing: Markup(chart.markup),
            note: groups.count > Self.mostRows
                ? "the \(Self.mostRows) of \(groups.count) groups with the largest" : nil,
            table: searchTable(groups)
        )
    }

    /// How far the choice can be from the best there is, the farthest first.
    private func certificateTable(_ groups: [GroupMetrics]) -> ReportPage.Table {
        let known: [(name: String, value: Double, bound: Double, isProved: Bool)] =
            groups.compactMap { group in
                guard let search = group.search, let bound = search.optimum ?? search.lowerBound
                else { return nil }
                return (group.name, own(search), bound, search.optimum != nil)
            }
        func gap(_ entry: (name: String, value: Double, bound: Double, isProved: Bool)) -> Double {
            entry.value > 0 ? max(0, 1 - entry.bound / entry.value) : 0
        }
        let order = known.enumerated().sorted {
            (-gap($0.element), $0.offset) < (-gap($1.element), $1.offset)
        }.prefix(Self.fewMultiples).map(\.element)
        return ReportPage.Table(
            known.count > Self.fewMultiples
                ? "How far from the best possible: the \(Self.fewMultiples) farthest of "
                    + "\(known.count) groups" : "How far from the best possible",
            ["group", ownWay, "bound", "away at most"],
            rows: order.map { entry in
                [
                    entry.name, NumberText.significant(entry.value, 3),
                    NumberText.significant(entry.bound, 3),
                    gap(entry) < 5e-4 && entry.isProved
                        ? "nothing, proved" : NumberText.percent(gap(entry), digits: 1),
                ]
            }
        )
    }

    private func searchTable(_ groups: [GroupMetrics]) -> ReportPage.Table {
        ReportPage.Table(
            "Layer error by the way of choosing, as a share of variance",
            ["group"] + ways.map(\.name) + [
                "magnitude", "bound is the optimum", "generations", "cut",
            ],
            rows: groups.map { group in
                let search = group.search
                return [group.name]
                    + (values(search) + [search?.magnitude]).map { value in
                        value.map { NumberText.significant($0, 3) } ?? "not known"
                    }
                    + [
                        search?.optimum == nil ? "not proved" : "yes",
                        "\(max(0, (search?.generations.count ?? 1) - 1))",
                        search?.chosen ?? ownWay,
                    ]
            },
            isSortable: true
        )
    }
}
