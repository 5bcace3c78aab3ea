/// The outer size, the margins and the axes that all charts share.
struct ChartFrame: Hashable, Sendable {
    /// Unique in its page.
    let identifier: String
    let title: String
    /// What a reader who does not see the chart should know.
    let summary: String
    let width: Double
    let height: Double
    var top = 12.0
    var right = 22.0
    var bottom = 46.0
    var left = 58.0
    /// Whether the drawing keeps its size and its place scrolls, in place of shrinking with the page.
    var isFixed = false
    /// Where the part that is shown begins.
    var start = 0.0

    var plotRight: Double { width - right }
    var plotBottom: Double { height - bottom }

    /// The chart around its contents.
    func drawing(_ contents: [SVGElement]) -> SVGElement {
        let names = [
            SVGElement("title", ["id": "chart-\(identifier)-title"], text: title),
            SVGElement("desc", ["id": "chart-\(identifier)-desc"], text: summary),
        ]
        return SVGElement(
            "svg",
            [
                "class": "chart",
                "style": isFixed
                    ? "width:\(coordinate(width))px" : "max-width:\(coordinate(width * 1.2))px",
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": "0 \(coordinate(start)) \(coordinate(width)) \(coordinate(height))",
                "role": "img",
                "aria-labelledby": "chart-\(identifier)-title chart-\(identifier)-desc",
            ],
            children: names + contents
        )
    }

    /// Grid lines, ticks and the label of the horizontal axis.
    func horizontalAxis(_ axis: Axis, _ scale: Scale) -> [SVGElement] {
        var elements: [SVGElement] = []
        for (value, label) in zip(scale.ticks.values, scale.ticks.labels) {
            let x = scale.place(value)
            elements.append(line("grid", x, top, x, plotBottom))
            elements.append(text(label, "tick", x, plotBottom + 17, anchor: "middle"))
        }
        elements.append(line("axis", left, plotBottom, plotRight, plotBottom))
        elements.append(
            text(axis.label, "label", (left + plotRight) / 2, plotBottom + 35, anchor: "middle")
        )
        return elements
    }

    /// Makes the left margin as wide as the labels of the vertical axis need.
    mutating func makeRoom(for scale: Scale) {
        let longest = scale.ticks.labels.map(\.count).max() ?? 0
        left = 30 + 6.8 * Double(longest)
    }

    /// Grid lines, ticks and the label of the vertical axis.
    func verticalAxis(_ axis: Axis, _ scale: Scale) -> [SVGElement] {
        var elements: [SVGElement] = []
        for (value, label) in zip(scale.ticks.values, scale.ticks.labels) {
            let y = scale.place(value)
            elements.append(line("grid", left, y, plotRight, y))
            elements.append(text(label, "tick", left - 6, y + 4, anchor: "end"))
        }
        elements.append(line("axis", left, top, left, plotBottom))
        let middle = coordinate((top + plotBottom) / 2)
        elements.append(
            SVGElement(
                "text",
                [
                    "class": "label", "x": "12", "y": middle, "text-anchor": "middle",
                    "transform": "rotate(-90 12 \(middle))",
                ],
                text: axis.label
            )
        )
        return elements
    }

    func line(
        _ className: String,
        _ x1: Double,
        _ y1: Double,
        _ x2: Double,
        _ y2: Double
    ) -> SVGElement {
        SVGElement(
            "path",
            [
                "class": className,
                "d": "M\(coordinate(x1)) \(coordinate(y1))L\(coordinate(x2)) \(coordinate(y2))",
            ]
        )
    }

    func text(
        _ text: String,
        _ className: String,
        _ x: Double,
        _ y: Double,
        anchor: String = "start"
    ) -> SVGElement {
        SVGElement(
            "text",
            ["class": className, "x": coordinate(x), "y": coordinate(y), "text-anchor": anchor],
            text: text
        )
    }

    /// Entries of a legend in rows, a new one where the last has no room.
    static func rows<Entry>(
        of entries: [Entry],
        room wholeRoom: Double,
        width: (Entry) -> Double
    ) -> [[Entry]] {
        var rows: [[Entry]] = []
        var room = 0.0
        for entry in entries {
            let width = width(entry)
            if rows.isEmpty || room < width {
                rows.append([])
                room = wholeRoom
            }
            rows[rows.count - 1].append(entry)
            room -= width
        }
        return rows
    }
}
