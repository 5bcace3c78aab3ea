/// What the shapes of several charts mean, as a list that flows with the page.
struct Legend {
    /// Shapes drawn in 26 by 14, and their meaning.
    private var entries: [(shapes: [SVGElement], name: String)] = []

    /// The middle of an entry's drawing.
    static let middle = (x: 13.0, y: 7.0)

    /// Adds a meaning.
    mutating func add(_ name: String, _ shapes: [SVGElement]) { entries.append((shapes, name)) }

    /// The list as markup.
    var markup: String {
        let items = entries.map { entry in
            let drawing = SVGElement(
                "svg",
                [
                    "class": "chart swatch", "xmlns": "http://www.w3.org/2000/svg",
                    "viewBox": "0 0 26 14", "aria-hidden": "true",
                ],
                children: entry.shapes
            )
            return SVGElement("li", children: [drawing, SVGElement("span", text: entry.name)])
        }
        return SVGElement("ul", ["class": "legend"], children: items).markup
    }
}
