/// Values over values: lines, levels across the chart, moments on the horizontal axis, single points.
package struct LineChart: Hashable, Sendable {
    package struct Point: Hashable, Sendable {
        package var x: Double
        package var y: Double
        /// Shown when the pointer is on it, in place of the two values.
        package var name: String?

        package init(
            x: Double,
            y: Double,
            name: String? = nil
        ) {
            self.x = x
            self.y = y
            self.name = name
        }
    }

    package struct Series: Hashable, Sendable {
        package var name: String
        package var style: SeriesStyle
        package var points: [Point]
        /// Whether the points are joined; a scatter has marks alone.
        package var isJoined = true
        package var hasMarkers = true
        /// Whether the names of the points are written beside them.
        package var isNamed = false

        package init(
            name: String,
            style: SeriesStyle,
            points: [Point],
            isJoined: Bool = true,
            hasMarkers: Bool = true,
            isNamed: Bool = false
        ) {
            self.name = name
            self.style = style
            self.points = points
            self.isJoined = isJoined
            self.hasMarkers = hasMarkers
            self.isNamed = isNamed
        }
    }

    /// A line across the chart.
    package struct Level: Hashable, Sendable {
        package var name: String
        package var style: SeriesStyle
        package var value: Double

        package init(
            name: String,
            style: SeriesStyle,
            value: Double
        ) {
            self.name = name
            self.style = style
            self.value = value
        }
    }

    /// A line up the chart.
    package struct Moment: Hashable, Sendable {
        package var name: String
        package var value: Double

        package init(
            name: String,
            value: Double
        ) {
            self.name = name
            self.value = value
        }
    }

    package var identifier: String
    package var title: String
    package var summary: String
    package var x: Axis
    package var y: Axis
    package var series: [Series] = []
    package var levels: [Level] = []
    package var moments: [Moment] = []
    /// A point with a ring around it.
    package var choice: Point?
    package var width = 380.0
    package var height = 260.0
    package var hasLegend = true

    package init(
        identifier: String,
        title: String,
        summary: String,
        x: Axis,
        y: Axis,
        series: [Series] = [],
        levels: [Level] = [],
        moments: [Moment] = [],
        choice: Point? = nil,
        width: Double = 380.0,
        height: Double = 260.0,
        hasLegend: Bool = true
    ) {
        self.identifier = identifier
        self.title = title
        self.summary = summary
        self.x = x
        self.y = y
        self.series = series
        self.levels = levels
        self.moments = moments
        self.choice = choice
        self.width = width
        self.height = height
        self.hasLegend = hasLegend
    }

    private static let legendRow = 18.0

    /// The chart as markup.
    package var markup: String {
        let rows = hasLegend ? legendRows : []
        var frame = ChartFrame(
            identifier: identifier,
            title: title,
            summary: summary,
            width: width,
            height: height + Double(rows.count) * Self.legendRow
        )
        frame.top += Double(rows.count) * Self.legendRow
        let up = Scale(
            y,
            spanning: series.flatMap { $0.points.map(\.y) } + levels.map(\.value)
                + (choice.map { [$0.y] } ?? []),
            from: frame.plotBottom,
            to: frame.top,
            count: max(2, Int(height / 52))
        )
        frame.makeRoom(for: up)
        let across = Scale(
            x,
            spanning: series.flatMap { $0.points.map(\.x) } + moments.map(\.value)
                + (choice.map { [$0.x] } ?? []),
            from: frame.left,
            to: frame.plotRight,
            count: max(2, Int(width / 75))
        )
        var contents = frame.verticalAxis(y, up) + frame.horizontalAxis(x, across)
        contents += moments.map { draw($0, frame, across) }
        contents += drawLevels(frame, up)
        contents += series.flatMap { draw($0, across, up) }
        if let choice { contents += draw(choice, across, up) }
        contents += legend(rows, frame)
        return frame.drawing(contents).markup
    }

    /// The legend alone, for charts that share one.
    package var legendMarkup: String {
        var legend = Legend()
        for entry in legendEntries {
            let shapes = key(entry.style, isLine: entry.isLine, 1, Legend.middle.y)
            legend.add(entry.name, shapes)
        }
        return legend.markup
    }

    private func draw(_ moment: Moment, _ frame: ChartFrame, _ scale: Scale) -> SVGElement {
        let place = scale.place(moment.value)
        return frame.line("moment", place, frame.top, place, frame.plotBottom).titled(moment.name)
    }

    /// Each level with a marker at a place of its own, so that levels on one height can be told apart.
    private func drawLevels(_ frame: ChartFrame, _ scale: Scale) -> [SVGElement] {
        levels.enumerated().filter { y.drawable($0.element.value) }.flatMap { index, level in
            let height = scale.place(level.value)
            let name = "\(level.name): \(y.text(level.value))"
            let line = SVGElement(
                "path",
                [
                    "class": "line \(level.style.className)",
                    "stroke-dasharray": level.style.dash ?? "none",
                    "d": "M\(coordinate(frame.left)) \(coordinate(height))"
                        + "H\(coordinate(frame.plotRight))",
                ]
            )
            let share = (Double(index) + 0.5) / Double(levels.count)
            let x = frame.left + share * (frame.plotRight - frame.left)
            return [line.titled(name), level.style.marker(x: x, y: height).titled(name)]
        }
    }

    private func draw(_ series: Series, _ across: Scale, _ up: Scale) -> [SVGElement] {
        let points = series.points.filter { x.drawable($0.x) && y.drawable($0.y) }
        var elements: [SVGElement] = []
        if series.isJoined, points.count > 1 {
            let path = points.enumerated().map { index, point in
                "\(index == 0 ? "M" : "L")\(coordinate(across.place(point.x)))"
                    + " \(coordinate(up.place(point.y)))"
            }
            elements.append(
                SVGElement(
                    "path",
                    [
                        "class": "line \(series.style.className)",
                        "stroke-dasharray": series.style.dash ?? "none", "d": path.joined(),
                    ]
                )
            )
        }
        guard series.hasMarkers || points.count == 1 else { return elements }
        var taken: [Double] = []
        for point in points {
            let place = (x: across.place(point.x), y: up.place(point.y))
            let name = point.name.map { "\($0): " } ?? ""
            elements.append(
                series.style.marker(x: place.x, y: place.y, radius: series.isJoined ? 2.8 : 4.5)
                    .titled("\(series.name), \(name)\(x.text(point.x)), \(y.text(point.y))")
            )
            guard series.isNamed, let name = point.name else { continue }
            var height = place.y
            while taken.contains(where: { abs($0 - height) < 14 }) { height += 14 }
            taken.append(height)
            let isRight = place.x < across.place(.infinity) - 90
            elements.append(label(name, x: place.x, y: height, isRight: isRight))
        }
        return elements
    }

    private func label(_ text: String, x: Double, y: Double, isRight: Bool) -> SVGElement {
        SVGElement(
            "text",
            [
                "class": "tick", "x": coordinate(x + (isRight ? 10 : -10)),
                "y": coordinate(y + 4), "text-anchor": isRight ? "start" : "end",
            ],
            text: text
        )
    }

    private func draw(_ choice: Point, _ across: Scale, _ up: Scale) -> [SVGElement] {
        guard x.drawable(choice.x), y.drawable(choice.y) else { return [] }
        let place = (x: across.place(choice.x), y: up.place(choice.y))
        let ring = SVGElement(
            "circle",
            [
                "class": "choice", "cx": coordinate(place.x), "cy": coordinate(place.y), "r": "6.5",
            ]
        )
        return [ring.titled(choice.name ?? "chosen")]
    }

    private var legendEntries: [(name: String, style: SeriesStyle?, isLine: Bool)] {
        var entries: [(name: String, style: SeriesStyle?, isLine: Bool)] = []
        entries += series.map { ($0.name, $0.style, $0.isJoined) }
        entries += levels.map { ($0.name, $0.style, true) }
        if let moment = moments.first { entries.append((moment.name, nil, true)) }
        if let choice { entries.append((choice.name ?? "chosen", nil, false)) }
        return entries
    }

    /// The entries of the legend, laid out in rows by an estimate of their widths.
    private var legendRows: [[(name: String, style: SeriesStyle?, isLine: Bool)]] {
        ChartFrame.rows(of: legendEntries, room: width - 20) { Self.legendWidth($0.name) }
    }

    private static func legendWidth(_ name: String) -> Double { 42 + 7 * Double(name.count) }

    private func legend(
        _ rows: [[(name: String, style: SeriesStyle?, isLine: Bool)]],
        _ frame: ChartFrame
    ) -> [SVGElement] {
        var elements: [SVGElement] = []
        for (row, entries) in rows.enumerated() {
            let y = 10 + Double(row) * Self.legendRow
            var x = 10.0
            for entry in entries {
                elements += key(entry.style, isLine: entry.isLine, x, y)
                elements.append(frame.text(entry.name, "legend", x + 30, y + 4))
                x += Self.legendWidth(entry.name)
            }
        }
        return elements
    }

    private func key(
        _ style: SeriesStyle?,
        isLine: Bool,
        _ x: Double,
        _ y: Double
    ) -> [SVGElement] {
        let path = "M\(coordinate(x)) \(coordinate(y))L\(coordinate(x + 24)) \(coordinate(y))"
        guard let style else {
            return isLine
                ? [SVGElement("path", ["class": "moment", "d": path])]
                : [
                    SVGElement(
                        "circle",
                        [
                            "class": "choice", "cx": coordinate(x + 12), "cy": coordinate(y),
                            "r": "6",
                        ]
                    )
                ]
        }
        let marker = style.marker(x: x + 12, y: y)
        guard isLine else { return [marker] }
        let line = SVGElement(
            "path",
            [
                "class": "line \(style.className)", "stroke-dasharray": style.dash ?? "none",
                "d": path,
            ]
        )
        return [line, marker]
    }
}
