/// A trade-off in the size of a word: what two models cost and how good they are, joined.
struct SparkLine: Hashable, Sendable {
    var identifier: String
    var title: String
    /// Points from 0 to 1 in both directions, in order.
    var points: [LineChart.Point]

    /// The drawing as markup.
    var markup: String {
        let frame = ChartFrame(
            identifier: identifier,
            title: title,
            summary: title,
            width: 96,
            height: 32
        )
        let places = points.map { (x: 6 + 84 * clamped($0.x), y: 27 - 22 * clamped($0.y)) }
        let path = places.enumerated().map { index, place in
            "\(index == 0 ? "M" : "L")\(coordinate(place.x)) \(coordinate(place.y))"
        }
        var contents = [
            frame.line("axis", 2, 30, 94, 30), frame.line("axis", 2, 2, 2, 30),
            SVGElement("path", ["class": "line s0", "d": path.joined()]),
        ]
        for (index, place) in places.enumerated() {
            let isLast = index == places.count - 1
            contents.append(
                (isLast ? SeriesStyle.first : .second).marker(x: place.x, y: place.y, radius: 3)
                    .titled(points[index].name ?? "")
            )
        }
        return frame.drawing(contents).markup
    }

    private func clamped(_ value: Double) -> Double { min(max(value, 0), 1) }
}
