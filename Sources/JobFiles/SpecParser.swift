import Yams

extension JobSpec {
    /// The most characters a spec may have.
    public static let longestText = 256 * 1024

    /// Reads a spec from YAML or JSON.
    ///
    /// - Throws: ``SpecError`` with every fault found.
    public static func parse(_ text: String) throws(SpecError) -> JobSpec {
        var parser = SpecParser()
        guard text.utf8.count <= longestText, !text.contains("&"), !text.contains("*:") else {
            parser.fault("", "is too long or uses anchors", hint: "Write plain YAML below 256 KiB.")
            throw SpecError(faults: parser.faults)
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            parser.fault("", "is not YAML: \(error)", hint: "Check indentation and quotes.")
            throw SpecError(faults: parser.faults)
        }
        guard let mapping = root?.mapping else {
            parser.fault("", "is not a set of keys", hint: "Start with `data:` and `budget:`.")
            throw SpecError(faults: parser.faults)
        }
        parser.read(mapping, under: "")
        parser.requireEssentials()
        guard parser.faults.isEmpty else { throw SpecError(faults: parser.faults) }
        return parser.spec
    }

    /// The spec as YAML with every default spelled out; reads back as an equal spec.
    public var resolvedYAML: String {
        var lines: [String] = ["budget:", "  \(budget.unit): \(budget.text)"]
        var section = ""
        for field in SpecField.all {
            let parts = field.path.split(separator: "/").map(String.init)
            let indent = parts.count > 1 ? "  " : ""
            if parts.count > 1, parts[0] != section { lines.append("\(parts[0]):") }
            section = parts.count > 1 ? parts[0] : ""
            lines.append("\(indent)\(parts[parts.count - 1]): \(text(of: field))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func text(of field: SpecField) -> String {
        switch field.kind {
        case .text(let place), .choice(let place, _): quoted(self[keyPath: place])
        case .number(let place, _): "\(self[keyPath: place])"
        case .integer(let place, _): "\(self[keyPath: place])"
        case .flag(let place): "\(self[keyPath: place])"
        case .numbers(let place, _):
            "[" + self[keyPath: place].map { "\($0)" }.joined(separator: ", ") + "]"
        case .texts(let place):
            "[" + self[keyPath: place].map(quoted).joined(separator: ", ") + "]"
        case .words(let place, _): self[keyPath: place].listText
        }
    }
}

extension JobSpec.Budget {
    var text: String { values.map(Self.text).listText }

    /// One value: a share, or a whole number where it is one.
    public static func text(_ value: Double) -> String {
        value > 1 && value == value.rounded() ? "\(Int(value))" : "\(value)"
    }
}

extension [String] {
    /// A list in YAML; one alone stands for itself.
    fileprivate var listText: String {
        count == 1 ? self[0] : "[" + joined(separator: ", ") + "]"
    }
}

/// Fills a spec key by key and collects what is wrong.
private struct SpecParser {
    var spec = JobSpec()
    var faults: [SpecFault] = []

    private static let sections = Set(
        SpecField.all.map(\.path).filter { $0.contains("/") }
            .compactMap { $0.split(separator: "/").first.map(String.init) }
    )

    mutating func fault(_ path: String, _ message: String, hint: String) {
        let pointer = path.isEmpty ? "/" : "/\(path)"
        faults.append(SpecFault(pointer: pointer, message: "\(pointer) \(message)", hint: hint))
    }

    mutating func read(_ mapping: Node.Mapping, under prefix: String) {
        for (key, value) in mapping {
            guard let name = key.string else {
                fault(prefix, "has a key that is not text", hint: "Write keys as plain words.")
                continue
            }
            let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
            if path == "budget" {
                readBudget(value)
            } else if prefix.isEmpty, Self.sections.contains(name) {
                if let inner = value.mapping {
                    read(inner, under: path)
                } else {
                    fault(path, "is not a set of keys", hint: "Write `\(name): {...}`.")
                }
            } else if let field = SpecField.all.first(where: { $0.path == path }) {
                read(value, into: field)
            } else {
                fault(path, "is not a key of a spec", hint: suggestion(for: path))
            }
        }
    }

    private mutating func readBudget(_ node: Node) {
        let hint =
            "Write `budget: {macs: 0.5}`, a share up to 1 or a count above 1, or a list of them."
        let units = JobSpec.Budget.units
        guard let mapping = node.mapping, mapping.count == 1, let entry = mapping.first,
            let unit = entry.key.string, units.contains(unit)
        else {
            let list = units.joined(separator: ", ")
            return fault("budget", "does not hold exactly one of \(list)", hint: hint)
        }
        let nodes = entry.value.sequence.map(Array.init) ?? [entry.value]
        let values = nodes.compactMap(number).map { value in
            value > 1 && unit != "latency" ? value.rounded(.down) : value
        }
        guard values.count == nodes.count, (1...Self.mostBudgets).contains(values.count),
            values.allSatisfy({ $0 > 0 && $0 <= 1e15 }),
            nodes.compactMap(number).allSatisfy({ $0 <= 1 || $0 >= 2 || unit == "latency" })
        else {
            return fault("budget/\(unit)", "is not a number above 0 nor a list of some", hint: hint)
        }
        guard Set(values).count == values.count else {
            return fault("budget/\(unit)", "names a budget twice", hint: hint)
        }
        guard unit != "accuracy_drop" || values.allSatisfy({ $0 < 1 }) else {
            let drop = "Write `accuracy_drop: 0.01` for one point."
            return fault("budget/\(unit)", "is not a number below 1", hint: drop)
        }
        spec.budget = JobSpec.Budget(unit: unit, values: values)
    }

    /// More budgets in one job are a mistake.
    private static let mostBudgets = 16

    private func number(_ node: Node) -> Double? {
        guard let text = node.scalar?.string, let value = Double(text), value.isFinite else {
            return nil
        }
        return value
    }

    private mutating func read(_ node: Node, into field: SpecField) {
        let path = field.path
        switch field.kind {
        case .text(let place):
            guard let text = node.scalar?.string else {
                return fault(path, "is not text", hint: "Write one word or a quoted text.")
            }
            spec[keyPath: place] = text
        case .choice(let place, let choices):
            guard let text = node.scalar?.string, choices.contains(text) else {
                return fault(
                    path,
                    "is not one of \(choices.joined(separator: ", "))",
                    hint: "Received \(node.scalar?.string ?? "something else")."
                )
            }
            spec[keyPath: place] = text
        case .number(let place, let range):
            guard let value = number(node), range.contains(value) else {
                return outside(path, range, node)
            }
            spec[keyPath: place] = value
        case .integer(let place, let range):
            guard let text = node.scalar?.string, let value = Int(text), range.contains(value)
            else { return outside(path, range, node) }
            spec[keyPath: place] = value
        case .flag(let place):
            guard let value = node.bool else {
                return fault(path, "is not true or false", hint: "Write true or false.")
            }
            spec[keyPath: place] = value
        case .numbers(let place, let range):
            let nodes = node.sequence.map(Array.init) ?? [node]
            let values = nodes.compactMap(number)
            guard values.count == nodes.count, values.count <= 4096,
                values.allSatisfy(range.contains)
            else { return outside(path, range, node) }
            spec[keyPath: place] = values
        case .words(let place, let choices):
            guard let words = words(node, path, choices) else { return }
            spec[keyPath: place] = words
        case .texts(let place):
            let nodes = node.sequence.map(Array.init) ?? [node]
            spec[keyPath: place] = nodes.compactMap(\.scalar?.string)
            if spec[keyPath: place].count != nodes.count {
                fault(path, "is not a list of texts", hint: "Write `[conv1, \"block_*\"]`.")
            }
        }
    }

    /// One or several of the words, or `all`; nil where they are something else, which is then noted.
    private mutating func words(_ node: Node, _ path: String, _ choices: [String]) -> [String]? {
        let nodes = node.sequence.map(Array.init) ?? [node]
        let words = nodes.compactMap(\.scalar?.string)
        guard !words.isEmpty, words.count == nodes.count else {
            fault(path, "is neither a word nor a list of words", hint: "Write one, or `all`.")
            return nil
        }
        if words.contains("all") { return choices }
        if let stray = words.first(where: { !choices.contains($0) }) {
            let nearest = nearestWord(to: stray, among: choices).map { " Did you mean \($0)?" }
            fault(
                path,
                "is not one of all, \(choices.joined(separator: ", "))",
                hint: "Received \(stray).\(nearest ?? "")"
            )
            return nil
        }
        guard Set(words).count == words.count else {
            fault(path, "names a word twice", hint: "Write each once.")
            return nil
        }
        return words
    }

    private mutating func outside<Bound>(_ path: String, _ range: ClosedRange<Bound>, _ node: Node)
    {
        fault(
            path,
            "is not a number from \(range.lowerBound) to \(range.upperBound)",
            hint: "Received \(node.scalar?.string ?? "something else")."
        )
    }

    mutating func requireEssentials() {
        if spec.data.file.isEmpty, !faults.contains(where: { $0.pointer == "/data/file" }) {
            fault("data/file", "is missing", hint: "Write `data: {file: cifar10.h5}`.")
        }
        if spec.budget.unit.isEmpty, !faults.contains(where: { $0.pointer.hasPrefix("/budget") }) {
            fault("budget", "is missing", hint: "Write `budget: {macs: 0.5}`.")
        }
        if spec.methods.contains("uniform"), spec.uniform.start == "scratch",
            spec.distillation.epochs == 0 || spec.distillation.order == "layerwise"
        {
            fault(
                "uniform/start",
                "is scratch, but the student is not trained as a whole",
                hint: "Ask for epochs and one_shot order, or for inherited weights."
            )
        }
        let fractions = spec.sensitivity.fractions
        if fractions.isEmpty || fractions != Array(Set(fractions)).sorted() {
            fault(
                "sensitivity/fractions",
                "is not a rising list",
                hint: "Write `[0.25, 0.5, 0.75]`."
            )
        }
    }

    /// The nearest key by edit distance.
    private func suggestion(for path: String) -> String {
        let known =
            SpecField.all.map(\.path) + ["budget"]
            + JobSpec.Budget.units.map { "budget/\($0)" }
        let nearest = nearestWord(to: path, among: known) ?? ""
        return "Did you mean \(nearest)? Docs/spec.md lists every key."
    }
}
