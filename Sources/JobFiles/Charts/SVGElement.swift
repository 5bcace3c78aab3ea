/// One element of a drawing; text and attributes are escaped when it is written.
package struct SVGElement: Hashable, Sendable {
    private enum Content: Hashable, Sendable {
        case element(SVGElement)
        case text(String)
    }

    private struct Attribute: Hashable, Sendable {
        var name: String
        var value: String
    }

    private let name: String
    private var attributes: [Attribute]
    private var contents: [Content]

    /// Makes an element; attributes keep their order.
    init(
        _ name: String,
        _ attributes: KeyValuePairs<String, String> = [:],
        children: [SVGElement] = []
    ) {
        self.name = name
        self.attributes = attributes.map { Attribute(name: $0.key, value: $0.value) }
        contents = children.map(Content.element)
    }

    /// Makes an element that holds text.
    init(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], text: String) {
        self.init(name, attributes)
        contents = [.text(text)]
    }

    /// The element with a name that the browser shows when the pointer is on it.
    func titled(_ title: String) -> SVGElement {
        var copy = self
        copy.contents.insert(.element(SVGElement("title", text: title)), at: 0)
        return copy
    }

    /// The element as markup.
    package var markup: String {
        var text = ""
        write(into: &text)
        return text
    }

    private func write(into text: inout String) {
        text += "<\(name)"
        for attribute in attributes {
            text += " \(attribute.name)=\"\(attribute.value.escapedForMarkup)\""
        }
        guard !contents.isEmpty else {
            text += "/>"
            return
        }
        text += ">"
        for content in contents {
            switch content {
            case .element(let element): element.write(into: &text)
            case .text(let characters): text += characters.escapedForMarkup
            }
        }
        text += "</\(name)>"
    }
}

extension String {
    /// The ``displayable`` text with the five characters that mean something in markup replaced.
    var escapedForMarkup: String {
        var result = ""
        result.reserveCapacity(utf8.count)
        for scalar in displayable.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The text cut to a number of characters, the last of them an ellipsis.
    func shortened(to count: Int) -> String {
        self.count <= count ? self : prefix(max(0, count - 1)) + "…"
    }
}

/// A coordinate with at most two digits behind the point.
func coordinate(_ value: Double) -> String {
    let hundredths = (value * 100).rounded()
    guard hundredths.isFinite else { return "0" }
    let whole = hundredths / 100
    return whole == whole.rounded() ? "\(Int(whole))" : "\(whole)"
}
