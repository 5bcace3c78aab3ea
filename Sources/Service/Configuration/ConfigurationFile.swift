import JobFiles
import Yams

/// The keys and values of a configuration file, each with its line.
struct ConfigurationFile {
    /// A value and its line.
    struct Entry: Hashable {
        var value: ConfigurationValue
        var line: Int
    }

    private(set) var entries: [String: Entry] = [:]
    private(set) var faults: [ConfigurationFault] = []

    /// Takes the text of a file apart; what is wrong with it is in ``faults``.
    init(_ text: String, path: String) {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            refuse(path, Self.line(of: error), "is not YAML: \(Self.problem(of: error))")
            return
        }
        guard let node, node.scalar?.string.isEmpty != true else { return }
        guard let mapping = node.mapping else {
            refuse(path, node.mark?.line ?? 1, "is not a set of keys")
            return
        }
        for (key, value) in mapping {
            let line = key.mark?.line ?? 1
            let origin = ConfigurationOrigin.file(path, line: line)
            let name = key.string ?? "?"
            guard let known = ConfigurationKey.named(name) else {
                let nearest = nearestWord(to: name, among: ConfigurationKey.all.map(\.name)) ?? ""
                faults.append(.unknownKey(origin, key: name, nearest: nearest))
                continue
            }
            if entries[known.name] != nil {
                faults.append(.repeatedKey(origin, key: name))
            }
            entries[known.name] = Entry(value: Self.value(of: value), line: line)
        }
    }

    private mutating func refuse(_ path: String, _ line: Int, _ reason: String) {
        faults.append(.notMapping(.file(path, line: line), reason: reason))
    }

    private static func value(of node: Node) -> ConfigurationValue {
        if let scalar = node.scalar { return .text(scalar.string) }
        guard let sequence = node.sequence else { return .other }
        let words = sequence.compactMap(\.scalar?.string)
        return words.count == sequence.count ? .list(words) : .other
    }

    private static func line(of error: any Error) -> Int {
        switch error as? YamlError {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            mark.line
        case .duplicatedKeysInMapping(_, let context): context.mark.line
        case .no, .memory, .reader, .writer, .emitter, .representer, .dataCouldNotBeDecoded, nil: 1
        }
    }

    private static func problem(of error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let problem, _, _), .parser(_, let problem, _, _),
            .composer(_, let problem, _, _):
            problem
        case .duplicatedKeysInMapping(let keys, _):
            "the key \(keys.joined(separator: ", ")) is there more than once"
        case .no, .memory, .reader, .writer, .emitter, .representer, .dataCouldNotBeDecoded, nil:
            "\(error)".replacing("\n", with: " ")
        }
    }
}
