import Mustache

/// Finished markup, which a template must not escape again; write it with three braces.
struct Markup: Hashable, Sendable {
    var text: String

    init(_ text: String) { self.text = text }
}

/// The pages' templates, built into the program.
enum PageTemplate: String {
    case report
    case index
    case failure

    private static let library: MustacheLibrary = {
        let sources = [
            "report": PackageResources.report_mustache, "index": PackageResources.index_mustache,
            "failure": PackageResources.failure_mustache,
            "figure": PackageResources.figure_mustache,
            "table": PackageResources.table_mustache,
        ]
        var library = MustacheLibrary()
        do {
            for (name, bytes) in sources {
                try library.register(String(decoding: bytes, as: UTF8.self), named: name)
            }
        } catch {
            preconditionFailure("a template of ours cannot be read: \(error)")
        }
        return library
    }()

    /// Fills the template with a page's values; style and scripts are put in besides.
    func filled(with page: Any) -> String {
        var values = Self.tree(page) as? [String: Any] ?? [:]
        values["style"] = String(decoding: PackageResources.style_css, as: UTF8.self)
        values["indexScript"] = String(decoding: PackageResources.index_js, as: UTF8.self)
        values["script"] = String(decoding: PackageResources.page_js, as: UTF8.self)
        guard let text = Self.library.render(values, withTemplate: rawValue) else {
            preconditionFailure("there is no template \(rawValue)")
        }
        return text
    }

    /// A value as dictionaries, lists, flags and text that may be shown.
    ///
    /// Beside each list that is not empty stands a flag: `hasRows` beside `rows`. What is nil is left out.
    private static func tree(_ value: Any) -> Any {
        if let markup = value as? Markup { return markup.text }
        if let text = value as? String { return text.displayable }
        if let flag = value as? Bool { return flag }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .collection: return mirror.children.map { tree($0.value) }
        case .struct:
            var fields: [String: Any] = [:]
            for (label, child) in mirror.children {
                guard let label, let content = unwrapped(child) else { continue }
                let branch = tree(content)
                fields[label] = branch
                if let list = branch as? [Any], !list.isEmpty {
                    fields["has\(label.prefix(1).uppercased())\(label.dropFirst())"] = true
                }
            }
            return fields
        default: return "\(value)".displayable
        }
    }

    private static func unwrapped(_ value: Any) -> Any? {
        let mirror = Mirror(reflecting: value)
        guard mirror.displayStyle == .optional else { return value }
        return mirror.children.first?.value
    }
}

extension String {
    /// The text without control and direction characters, and with every mark that combines with a character of markup set apart.
    ///
    /// The template library escapes by grapheme: a quote with an accent on it would go through unescaped.
    public var displayable: String {
        var result = String.UnicodeScalarView()
        var isAfterMarkup = false
        for scalar in unicodeScalars {
            let isControl = scalar.value < 0x20 && scalar != "\t" && scalar != "\n"
            let isDirection =
                (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
            if isControl || isDirection || (0x7F...0x9F).contains(scalar.value) {
                result.append("\u{FFFD}")
                isAfterMarkup = false
                continue
            }
            let isJoined = Character(scalar).isASCII == false && scalar.properties.isGraphemeExtend
            if isAfterMarkup, isJoined || scalar == "\u{200D}" { result.append("\u{25CC}") }
            result.append(scalar)
            isAfterMarkup = "&<>\"'".unicodeScalars.contains(scalar)
        }
        return String(result)
    }
}
