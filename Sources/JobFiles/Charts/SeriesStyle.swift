/// How the series of one chart are told apart: by colour, by dash and by the shape of their markers, so that any one is enough.
package enum SeriesStyle: Int, CaseIterable, Hashable, Sendable {
    case first
    case second
    case third
    case fourth
    case fifth
    case sixth
    /// What was before, beside what is now; never one of several.
    case past

    /// The styles for the series of one chart, in order.
    package static let palette: [SeriesStyle] = [.first, .second, .third, .fourth, .fifth, .sixth]

    /// The class that gives the colour in the page's style sheet.
    package var className: String { self == .past ? "past" : "s\(rawValue)" }

    /// The dash of lines, or nil for a whole line.
    package var dash: String? {
        switch self {
        case .first, .past: nil
        case .second: "6 3"
        case .third: "2 3"
        case .fourth: "8 3 2 3"
        case .fifth: "1 4"
        case .sixth: "12 4"
        }
    }

    /// A marker around a place.
    package func marker(x: Double, y: Double, radius: Double = 3.5) -> SVGElement {
        let r = radius
        switch self {
        case .first:
            return SVGElement(
                "circle",
                [
                    "class": "marker \(className)", "cx": coordinate(x), "cy": coordinate(y),
                    "r": coordinate(r),
                ]
            )
        case .second, .past: return shape([(-r, -r), (r, -r), (r, r), (-r, r)], x, y)
        case .third: return shape([(0, -r * 1.3), (r * 1.3, 0), (0, r * 1.3), (-r * 1.3, 0)], x, y)
        case .fourth: return shape([(0, -r * 1.2), (r * 1.2, r), (-r * 1.2, r)], x, y)
        case .fifth: return shape([(-r * 1.2, -r), (r * 1.2, -r), (0, r * 1.2)], x, y)
        case .sixth:
            let w = r / 3
            return shape(
                [
                    (-w, -r), (w, -r), (w, -w), (r, -w), (r, w), (w, w), (w, r), (-w, r), (-w, w),
                    (-r, w), (-r, -w), (-w, -w),
                ],
                x,
                y
            )
        }
    }

    private func shape(_ corners: [(Double, Double)], _ x: Double, _ y: Double) -> SVGElement {
        let path = corners.enumerated().map { index, corner in
            "\(index == 0 ? "M" : "L")\(coordinate(x + corner.0)) \(coordinate(y + corner.1))"
        }
        return SVGElement(
            "path",
            ["class": "marker \(className)", "d": path.joined() + "Z"]
        )
    }
}
