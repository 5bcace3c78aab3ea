extension Report {
    var networkSection: ReportPage.Section? {
        guard !metrics.layers.isEmpty else { return nil }
        var rows: [String: Int] = [:]
        for (index, layer) in metrics.layers.enumerated() { rows[layer.name] = index }
        let notes = Dictionary(metrics.frozenLayers.map { ($0.name, $0.reason) }) { first, _ in
            first
        }
        let whole = Dictionary(
            metrics.groups.flatMap { group in
                group.note.map { note in group.producers.map { ($0, note) } } ?? []
            }
        ) { first, _ in first }
        let drawing = NetworkDrawing(
            identifier: "network",
            title: "The network, layer by layer",
            summary: "\(metrics.layers.count) layers from top to bottom with their channels before "
                + "and after; a table follows.",
            layers: metrics.layers.map { layer in
                NetworkDrawing.Layer(
                    name: layer.name,
                    className: layer.className,
                    inputs: layer.inputs.compactMap { rows[$0] },
                    channels: layer.channels,
                    hasWeights: layer.parameters.before > 0,
                    note: (layer.frozenBecause ?? notes[layer.name] ?? whole[layer.name])
                        .map { "frozen: \($0)" }
                )
            },
            groups: metrics.groups.map { group in
                NetworkDrawing.Group(
                    name: group.name,
                    producers: group.producers.compactMap { rows[$0] },
                    consumers: group.consumers.compactMap { rows[$0] },
                    units: group.units
                )
            }
        )
        return ReportPage.Section(
            anchor: "network",
            title: "The network, layer by layer",
            shortTitle: "Network",
            text:
                "Each line beside the bars is a coupled group: its solid marks are the layers that "
                + "make its channels and must lose them together, its rings the layers that read "
                + "them. Lines at the left are connections that skip layers.",
            key: Markup(drawing.keyMarkup),
            wide: ReportPage.Figure(
                title: "Widths, couplings and frozen layers",
                drawing: Markup(drawing.markup),
                table: layerTable
            )
        )
    }

    private var layerTable: ReportPage.Table {
        ReportPage.Table(
            "Layers before and after",
            [
                "layer", "class", "output before", "after", "parameters before", "after",
                "macs before", "after", "groups", "frozen because",
            ],
            rows: metrics.layers.map { layer in
                [
                    layer.name, layer.className, Self.shape(layer.outputShape.before),
                    Self.shape(layer.outputShape.after),
                    NumberText.grouped(layer.parameters.before),
                    NumberText.grouped(layer.parameters.after),
                    NumberText.grouped(layer.macs.before), NumberText.grouped(layer.macs.after),
                    layer.groups.joined(separator: ", "), layer.frozenBecause ?? "",
                ]
            },
            isSortable: true
        )
    }

    private static func shape(_ shape: [Int]) -> String {
        shape.map(String.init).joined(separator: " × ")
    }

    var timeSection: ReportPage.Section? {
        guard !metrics.latency.isEmpty else { return nil }
        let passes = metrics.latency.map(\.passes).min() ?? 0
        return ReportPage.Section(
            anchor: "time",
            title: "Where the time goes",
            shortTitle: "Time",
            text: "Medians of at least \(passes) forward passes on the machine that did the job, "
                + "teacher and student in turn. These are the only numbers here, with the times of "
                + "the stages, that differ from run to run.",
            figures: metrics.latency.map(timeFigure),
            tables: [latencyTable]
        )
    }

    private func timeFigure(_ latency: LatencyMetrics) -> ReportPage.Figure {
        let batch = latency.batchSamples
        let timed = metrics.layers.compactMap { layer in
            layer.times.first { $0.batchSamples == batch }.map {
                (layer.name, $0.medianMilliseconds)
            }
        }
        let slowest = timed.enumerated().sorted {
            ($1.element.1.before, $0.offset) < ($0.element.1.before, $1.offset)
        }.prefix(Self.mostRows).sorted { $0.offset < $1.offset }.map(\.element)
        let chart = RowChart(
            identifier: "time-\(batch)",
            title: "Milliseconds per layer, batch \(batch)",
            summary: "The \(slowest.count) layers that took the teacher longest, in order of the "
                + "network, before and after.",
            axis: Axis("milliseconds, median"),
            form: .bars,
            series: [
                RowChart.Series(name: "before", style: .past),
                RowChart.Series(name: "after", style: .first),
            ],
            rows: slowest.map { RowChart.Row(name: $0.0, values: [$0.1.before, $0.1.after]) }
        )
        return ReportPage.Figure(
            title: chart.title,
            drawing: Markup(chart.markup),
            note: slowest.count < timed.count
                ? "the \(slowest.count) slowest of \(timed.count) layers" : nil,
            table: ReportPage.Table(
                chart.title,
                ["layer", "before", "after"],
                rows: timed.map {
                    [
                        $0.0, NumberText.significant($0.1.before, 3),
                        NumberText.significant($0.1.after, 3),
                    ]
                },
                isSortable: true
            )
        )
    }

    private var latencyTable: ReportPage.Table {
        func span(_ low: Double, _ high: Double) -> String {
            "\(NumberText.significant(low, 3)) to \(NumberText.significant(high, 3))"
        }
        return ReportPage.Table(
            "Milliseconds of one forward pass of the whole network",
            [
                "batch", "threads", "passes", "median before", "after", "range before", "after",
                "speed-up",
            ],
            rows: metrics.latency.map { latency in
                let median = latency.medianMilliseconds
                let (low, high) = (latency.lowestMilliseconds, latency.highestMilliseconds)
                return [
                    "\(latency.batchSamples)", "\(latency.threads)", "\(latency.passes)",
                    NumberText.significant(median.before, 3),
                    NumberText.significant(median.after, 3), span(low.before, high.before),
                    span(low.after, high.after),
                    NumberText.fixed(median.before / max(median.after, 1e-9), 2),
                ]
            }
        )
    }
}
