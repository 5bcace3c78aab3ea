/// A network from top to bottom: each layer with its width before and after, the ways between layers that are not
/// neighbours at the left, the coupled groups as rails at the right.
package struct NetworkDrawing: Hashable, Sendable {
    package struct Layer: Hashable, Sendable {
        package var name: String
        package var className: String
        /// Rows whose outputs it reads.
        package var inputs: [Int]
        package var channels: BeforeAfter<Int>
        /// Whether it has weights; the others are drawn smaller.
        package var hasWeights: Bool
        /// Written at the end of its row, such as why it is frozen.
        package var note: String?

        package init(
            name: String,
            className: String,
            inputs: [Int],
            channels: BeforeAfter<Int>,
            hasWeights: Bool,
            note: String? = nil
        ) {
            self.name = name
            self.className = className
            self.inputs = inputs
            self.channels = channels
            self.hasWeights = hasWeights
            self.note = note
        }
    }

    /// Channels that go together: the rows that make them and the rows that read them.
    package struct Group: Hashable, Sendable {
        package var name: String
        package var producers: [Int]
        package var consumers: [Int]
        package var units: BeforeAfter<Int>

        package init(
            name: String,
            producers: [Int],
            consumers: [Int],
            units: BeforeAfter<Int>
        ) {
            self.name = name
            self.producers = producers
            self.consumers = consumers
            self.units = units
        }
    }

    package var identifier: String
    package var title: String
    package var summary: String
    package var layers: [Layer]
    package var groups: [Group]

    package init(
        identifier: String,
        title: String,
        summary: String,
        layers: [Layer],
        groups: [Group]
    ) {
        self.identifier = identifier
        self.title = title
        self.summary = summary
        self.layers = layers
        self.groups = groups
    }

    private static let rowHeight = 22.0
    private static let top = 30.0
    private static let nameWidth = 178.0
    private static let barWidth = 170.0
    /// Room for `1024 → 1024`.
    private static let countWidth = 92.0
    private static let classWidth = 150.0
    private static let leastRailWidth = 122.0
    private static let railGap = 13.0
    /// Rails beyond this many side by side are drawn over the last.
    private static let mostRails = 12

    /// Layers of one part: short, so that a printer can break pages between two.
    private static let rowsPerPart = 16

    /// The drawing as markup: its parts one below the other, without a seam on a screen.
    package var markup: String {
        let starts = stride(from: 0, to: max(1, layers.count), by: Self.rowsPerPart)
        return starts.map { part($0..<min(layers.count, $0 + Self.rowsPerPart)) }.joined()
    }

    /// The layers of some rows, and what passes beside them.
    private func part(_ rows: Range<Int>) -> String {
        let lanes = skipLanes
        let rails = railColumns
        let left = 14 + 9 * Double(min(6, (lanes.map(\.lane).max() ?? -1) + 1))
        let bars = left + Self.nameWidth
        let rail = bars + Self.barWidth + Self.countWidth
        let railCount = (rails.max() ?? -1) + 1
        let classes =
            rail + max(Self.leastRailWidth, Double(railCount) * Self.railGap + Self.railGap)
        var frame = frame(of: rows, notesAt: classes + Self.classWidth)
        frame.isFixed = true
        var contents = rows.lowerBound == 0 ? heads(frame, left, bars, rail, classes) : []
        contents += lanes.filter { $0.to >= rows.lowerBound && $0.from < rows.upperBound }
            .map { draw($0, left) }
        for index in rows {
            contents += draw(index, left: left, bars: bars, classes: classes, frame)
        }
        for (index, group) in groups.enumerated() {
            let x = rail + Double(rails[index]) * Self.railGap
            contents += draw(group, style: Self.style(index), x, rows)
        }
        return frame.drawing(contents).markup
    }

    private var hasNotes: Bool { layers.contains { $0.note != nil } }

    private func frame(of rows: Range<Int>, notesAt notes: Double) -> ChartFrame {
        let isWhole = rows.count == layers.count
        let start = rows.lowerBound == 0 ? 0 : Self.top + Double(rows.lowerBound) * Self.rowHeight
        let end = Self.top + Double(rows.upperBound) * Self.rowHeight
        var frame = ChartFrame(
            identifier: isWhole ? identifier : "\(identifier)-\(rows.lowerBound)",
            title: isWhole
                ? title : "\(title): layers \(rows.lowerBound + 1) to \(rows.upperBound)",
            summary: summary,
            width: hasNotes ? notes + 320 : notes,
            height: end - start + (rows.upperBound == layers.count ? 8 : 0)
        )
        frame.start = start
        return frame
    }

    private func heads(
        _ frame: ChartFrame,
        _ left: Double,
        _ bars: Double,
        _ rail: Double,
        _ classes: Double
    ) -> [SVGElement] {
        var heads = [
            frame.text("layer", "label", left + 6, 16),
            frame.text("channels before and after", "label", bars, 16),
            frame.text("coupled groups", "label", rail - 6, 16),
            frame.text("class", "label", classes, 16),
        ]
        if hasNotes {
            let notes = classes + Self.classWidth
            heads.append(frame.text("why it stays whole", "label", notes, 16))
        }
        return heads
    }

    /// What the shapes mean.
    package var keyMarkup: String {
        let (x, y) = Legend.middle
        func bar(_ className: String, _ height: Double) -> SVGElement {
            SVGElement(
                "rect",
                [
                    "class": className, "x": "1", "y": coordinate(y - height / 2), "width": "24",
                    "height": coordinate(height),
                ]
            )
        }
        let style = SeriesStyle.first
        var legend = Legend()
        legend.add("channels before", [bar("before", 14)])
        legend.add("channels after", [bar("after", 8)])
        legend.add("makes the group's channels", [style.marker(x: x, y: y, radius: 4)])
        legend.add("reads them", [Self.reader(style, x, y)])
        legend.add(
            "skips layers",
            [SVGElement("path", ["class": "skip", "d": "M3 7H23l-4 -3m4 3l-4 3"])]
        )
        return legend.markup
    }

    private static func reader(_ style: SeriesStyle, _ x: Double, _ y: Double) -> SVGElement {
        SVGElement(
            "circle",
            [
                "class": "reader \(style.className)", "cx": coordinate(x), "cy": coordinate(y),
                "r": "3.2",
            ]
        )
    }

    private static func style(_ index: Int) -> SeriesStyle {
        SeriesStyle.palette[index % SeriesStyle.palette.count]
    }

    private func middle(_ row: Int) -> Double { Self.top + (Double(row) + 0.5) * Self.rowHeight }

    private func draw(
        _ index: Int,
        left: Double,
        bars: Double,
        classes: Double,
        _ frame: ChartFrame
    ) -> [SVGElement] {
        let layer = layers[index]
        let y = middle(index)
        let largest = Double(max(1, layers.map(\.channels.before).max() ?? 1))
        let (before, after) = (layer.channels.before, layer.channels.after)
        let widths = before == after ? "\(before)" : "\(before) → \(after)"
        let name = "\(layer.name), \(layer.className): \(widths) channels"
        func bar(_ className: String, _ count: Int, _ height: Double) -> SVGElement {
            SVGElement(
                "rect",
                [
                    "class": className, "x": coordinate(bars),
                    "y": coordinate(y - height / 2),
                    "width": coordinate(max(1, Self.barWidth * Double(count) / largest)),
                    "height": coordinate(height),
                ]
            ).titled(name)
        }
        var elements = [
            frame.text(
                layer.name.shortened(to: 24),
                layer.hasWeights ? "row" : "row minor",
                left + 6,
                y + 4
            ).titled(name),
            frame.text(
                layer.className.shortened(to: 22),
                "tick",
                classes,
                y + 4
            ),
            bar("before", before, layer.hasWeights ? 14 : 5),
            bar("after", after, layer.hasWeights ? 8 : 3),
        ]
        if layer.hasWeights {
            elements.append(frame.text(widths, "tick", bars + Self.barWidth + 6, y + 4))
        }
        if let note = layer.note {
            elements.append(
                frame.text(note.shortened(to: 48), "tick", classes + Self.classWidth, y + 4).titled(
                    note
                )
            )
        }
        return elements
    }

    private func draw(
        _ group: Group,
        style: SeriesStyle,
        _ x: Double,
        _ rows: Range<Int>
    ) -> [SVGElement] {
        let members = group.producers + group.consumers
        guard let first = members.min(), let last = members.max(), first < rows.upperBound,
            last >= rows.lowerBound
        else { return [] }
        let units = "\(group.units.before) → \(group.units.after) units"
        var elements = [
            SVGElement(
                "path",
                [
                    "class": "line \(style.className)", "stroke-dasharray": style.dash ?? "none",
                    "d": "M\(coordinate(x)) \(coordinate(middle(first)))"
                        + "V\(coordinate(middle(last)))",
                ]
            ).titled("group \(group.name), \(units)")
        ]
        for row in group.consumers where rows.contains(row) {
            elements.append(
                Self.reader(style, x, middle(row)).titled(
                    "\(layers[row].name) reads group \(group.name)"
                )
            )
        }
        for row in group.producers where rows.contains(row) {
            elements.append(
                style.marker(x: x, y: middle(row), radius: 4)
                    .titled("\(layers[row].name) makes group \(group.name), \(units)")
            )
        }
        return elements
    }

    /// A way from one row to a later one that is not the next.
    private struct Skip {
        var from: Int
        var to: Int
        var lane: Int
    }

    private var skipLanes: [Skip] {
        var skips: [Skip] = []
        for (row, layer) in layers.enumerated() {
            for input in layer.inputs where input < row - 1 {
                let taken = Set(skips.filter { $0.to > input && $0.from < row }.map(\.lane))
                let lane = (0...skips.count).first { !taken.contains($0) } ?? 0
                skips.append(Skip(from: input, to: row, lane: lane))
            }
        }
        return skips
    }

    private func draw(_ skip: Skip, _ left: Double) -> SVGElement {
        let x = left - 6 - 9 * Double(skip.lane % 6)
        let (start, end) = (middle(skip.from), middle(skip.to))
        return SVGElement(
            "path",
            [
                "class": "skip",
                "d": "M\(coordinate(left)) \(coordinate(start))H\(coordinate(x))"
                    + "V\(coordinate(end))H\(coordinate(left))l-4 -3m4 3l-4 3",
            ]
        ).titled("\(layers[skip.to].name) reads \(layers[skip.from].name)")
    }

    /// For each group a column in which no other group's rail is beside its own.
    private var railColumns: [Int] {
        var ends: [Int] = []
        var columns = [Int](repeating: 0, count: groups.count)
        let order = groups.indices.sorted { (span($0).first, $0) < (span($1).first, $1) }
        for index in order {
            let span = span(index)
            if let free = ends.firstIndex(where: { $0 < span.first }) {
                ends[free] = span.last
                columns[index] = free
            } else {
                columns[index] = min(ends.count, Self.mostRails - 1)
                if ends.count < Self.mostRails { ends.append(span.last) }
            }
        }
        return columns
    }

    private func span(_ index: Int) -> (first: Int, last: Int) {
        let rows = groups[index].producers + groups[index].consumers
        return (rows.min() ?? 0, rows.max() ?? 0)
    }
}
