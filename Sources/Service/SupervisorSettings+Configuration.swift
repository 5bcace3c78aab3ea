import Yams

/// Why a configuration file cannot be used.
public enum ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is not a list of keys and values.
    case notMapping(String)
    /// A key means nothing here.
    case unknownKey(String, known: [String])
    /// A value is not a number in its range.
    case value(key: String, expected: String, found: String)

    /// One line for people.
    public var description: String {
        switch self {
        case .notMapping(let found): "Received \(found). Expected keys and numbers."
        case .unknownKey(let key, let known):
            "Received the key \(key). Expected one of \(known.joined(separator: ", "))."
        case .value(let key, let expected, let found):
            "\(key): received \(found). Expected \(expected)."
        }
    }
}

extension SupervisorSettings {
    /// The number of each key, and the range it may be in.
    private static let keys: [Key] = [
        Key(name: "poll", range: 0.1...86_400) { $0.pollSeconds = $1 },
        Key(name: "settle", range: 0...3600) { $0.settleSeconds = $1 },
        Key(name: "grace", range: 0...604_800) { $0.graceSeconds = $1 },
        Key(name: "stall", range: 1...604_800) { $0.stallSeconds = $1 },
        Key(name: "lease", range: 0.5...86_400) { $0.leaseSeconds = $1 },
        Key(name: "rest", range: 0.1...86_400) { $0.restSeconds = $1 },
        Key(name: "concurrency", range: 1...256) { $0.concurrency = Int($1) },
    ]

    private struct Key: Sendable {
        let name: String
        let range: ClosedRange<Double>
        let set: @Sendable (inout SupervisorSettings, Double) -> Void
    }

    /// Reads settings from YAML; keys that are not there keep their default.
    ///
    /// - Throws: ``ConfigurationError`` at the first key or value that does not fit.
    public init(configuration text: String) throws(ConfigurationError) {
        self.init()
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw .notMapping("text that is not YAML (\(error))")
        }
        guard let node else { return }
        guard let mapping = node.mapping else { throw .notMapping("something else") }
        for (key, value) in mapping {
            let name = key.string ?? "?"
            guard let known = Self.keys.first(where: { $0.name == name }) else {
                throw .unknownKey(name, known: Self.keys.map(\.name))
            }
            let range = known.range
            guard let number = value.float, range.contains(number),
                name != "concurrency" || number == number.rounded()
            else {
                throw .value(
                    key: name,
                    expected: "\(range.lowerBound) to \(range.upperBound)",
                    found: value.string ?? "a list or mapping"
                )
            }
            known.set(&self, number)
        }
    }
}
