/// One row per thing, its name at the left, its values as bars or as marks on a common scale.
package struct RowChart: Hashable, Sendable {
    /// How values are drawn.
    package enum Form: Hashable, Sendable {
        /// From zero to the value.
        case bars
        /// A mark at the value, joined to the others of its row.
        case marks
    }

    package struct Series: Hashable, Sendable {
        package var name: String
        package var style: SeriesStyle

        package init(
            name: String,
            style: SeriesStyle
        ) {
            self.name = name
            self.style = style
        }
    }

    package struct Row: Hashable, Sendable {
        package var name: String
        /// One value per series; nil where there is none.
        package var values: [Double?]
        /// Written at the end of the row, in place of the last value.
        package var note: String?

        package init(
            name: String,
            values: [Double?],
            note: String? = nil
        ) {
            self.name = name
            self.values = values
            self.note = note
        }
    }

    package var identifier: String
    package var title: String
    package var summary: String
    package var axis: Axis
    package var form: Form
    package var series: [Series]
    package var rows: [Row]
    package var width = 400.0
    package init(
        identifier: String,
        title: String,
        summary: String,
        axis: Axis,
        form: Form,
        series: [Series],
        rows: [Row],
        width: Double = 400.0
    ) {
        self.identifier = identifier
        self.title = title
        self.summary = summary
        self.axis = axis
        self.form = form
        self.series = series
        self.rows = rows
        self.width = width
    }

    private static let bar = 11.0
    private static let gap = 8.0
    /// About the width of a character where fonts are wide.
    private static let character = 7.2
    private static let longestName = 26

    private var nameWidth: Double {
        let longest = rows.map { min(Self.longestName, $0.name.count) }.max() ?? 0
        return 18 + Self.character * Double(longest)
    }

    private static let legendRow = 19.0

    /// The series of each row of the legend, by an estimate of their widths.
    private var legendRows: [[Series]] {
        guard series.count > 1 else { return [] }
        return ChartFrame.rows(of: series, room: width - 8, width: Self.legendWidth)
    }

    private static func legendWidth(_ entry: Series) -> Double {
        38 + character * Double(entry.name.count)
    }

    private var top: Double { 8 + Double(legendRows.count) * Self.legendRow }

    private var noteWidth: Double {
        let longest = rows.compactMap { $0.note?.count }.max() ?? 0
        return longest == 0 ? 24 : 14 + Self.character * Double(longest)
    }

    private var rowHeight: Double {
        form == .bars ? Self.bar * Double(series.count) + Self.gap : 20
    }

    /// The chart as markup.
    package var markup: String {
        var frame = ChartFrame(
            identifier: identifier,
            title: title,
            summary: summary,
            width: width,
            height: top + Double(rows.count) * rowHeight + 46
        )
        frame.top = top
        frame.left = nameWidth
        frame.right = noteWidth
        var axis = axis
        if form == .bars { axis.includes.append(0) }
        let scale = Scale(
            axis,
            spanning: rows.flatMap { $0.values.compactMap { $0 } },
            from: frame.left,
            to: frame.plotRight,
            count: max(2, Int((frame.plotRight - frame.left) / 60))
        )
        var contents = frame.horizontalAxis(axis, scale)
        for (index, row) in rows.enumerated() {
            let y = frame.top + Double(index) * rowHeight + rowHeight / 2
            let name = frame.text(
                row.name.shortened(to: Self.longestName),
                "row",
                frame.left - 8,
                y + 4,
                anchor: "end"
            )
            contents.append(name.titled(row.name))
            contents += form == .bars ? bars(row, y, scale, frame) : marks(row, y, scale, frame)
            if let note = row.note {
                contents.append(frame.text(note, "tick", frame.plotRight + 8, y + 4))
            }
        }
        for (row, entries) in legendRows.enumerated() {
            contents += legend(entries, 10 + Double(row) * Self.legendRow, frame)
        }
        return frame.drawing(contents).markup
    }

    private func bars(
        _ row: Row,
        _ middle: Double,
        _ scale: Scale,
        _ frame: ChartFrame
    ) -> [SVGElement] {
        let top = middle - Self.bar * Double(series.count) / 2
        let zero = scale.place(0)
        return zip(series, row.values).enumerated().compactMap { index, entry in
            guard let value = entry.1, value.isFinite else { return nil }
            let end = scale.place(value)
            return SVGElement(
                "rect",
                [
                    "class": "bar \(entry.0.style.className)",
                    "x": coordinate(min(zero, end)),
                    "y": coordinate(top + Double(index) * Self.bar),
                    "width": coordinate(abs(end - zero)), "height": coordinate(Self.bar - 1.5),
                ]
            ).titled("\(row.name), \(entry.0.name): \(axis.text(value))")
        }
    }

    private func marks(
        _ row: Row,
        _ y: Double,
        _ scale: Scale,
        _ frame: ChartFrame
    ) -> [SVGElement] {
        let present = zip(series, row.values).compactMap { series, value in
            value.flatMap { axis.drawable($0) ? (series: series, value: $0) : nil }
        }
        let places = present.map { scale.place($0.value) }
        var elements: [SVGElement] = []
        if let first = places.min(), let last = places.max(), last > first {
            elements.append(frame.line("span", first, y, last, y))
        }
        for (entry, place) in zip(present, places) {
            elements.append(
                entry.series.style.marker(x: place, y: y)
                    .titled("\(row.name), \(entry.series.name): \(axis.text(entry.value))")
            )
        }
        return elements
    }

    private func legend(_ entries: [Series], _ y: Double, _ frame: ChartFrame) -> [SVGElement] {
        var elements: [SVGElement] = []
        var x = 8.0
        for entry in entries {
            switch form {
            case .bars:
                elements.append(
                    SVGElement(
                        "rect",
                        [
                            "class": "bar \(entry.style.className)", "x": coordinate(x),
                            "y": coordinate(y - 5), "width": "14", "height": "9",
                        ]
                    )
                )
            case .marks: elements.append(entry.style.marker(x: x + 7, y: y))
            }
            elements.append(frame.text(entry.name, "legend", x + 20, y + 4))
            x += Self.legendWidth(entry)
        }
        return elements
    }
}
