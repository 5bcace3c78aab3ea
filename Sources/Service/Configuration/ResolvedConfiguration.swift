import JobFiles

/// A configuration, and for each key who set it: flags before the environment, that before the file, that before the defaults.
public struct ResolvedConfiguration: Hashable, Sendable {
    /// The values.
    public private(set) var configuration = DaemonConfiguration()
    /// The file that was read, or nil.
    public let file: String?
    private var origins: [String: ConfigurationOrigin] = [:]

    /// Puts the layers together.
    ///
    /// - Parameters:
    ///   - flags: Words by the name of the key.
    ///   - environment: All variables; those of no key are somebody else's.
    ///   - file: A path and its text, or nil.
    /// - Throws: ``ConfigurationError`` with every fault of every layer, whether or not a higher layer hides it.
    public init(
        flags: [String: ConfigurationValue],
        environment: [String: String],
        file: (path: String, text: String)?
    ) throws(ConfigurationError) {
        self.file = file?.path
        let read = file.map { ConfigurationFile($0.text, path: $0.path) }
        var faults = read?.faults ?? []
        for key in ConfigurationKey.all {
            if let file, let entry = read?.entries[key.name] {
                let origin = ConfigurationOrigin.file(file.path, line: entry.line)
                set(key, entry.value, origin, &faults)
            }
            if let text = environment[key.variable] {
                set(key, key.value(ofWord: text), .environment(key.variable), &faults)
            }
            if let value = flags[key.name] { set(key, value, .flag(key.flag), &faults) }
        }
        guard faults.isEmpty else { throw ConfigurationError(faults: faults) }
    }

    private mutating func set(
        _ key: ConfigurationKey,
        _ value: ConfigurationValue,
        _ origin: ConfigurationOrigin,
        _ faults: inout [ConfigurationFault]
    ) {
        guard key.set(value, in: &configuration) else {
            let found = value.words?.joined(separator: ", ") ?? "something else"
            faults.append(
                .value(origin, key: key.name, expected: key.expected, found: found)
            )
            return
        }
        origins[key.name] = origin
    }

    /// Makes the root's path absolute.
    public mutating func standardizeRoot(_ absolute: (String) -> String) {
        configuration.root = absolute(configuration.root)
    }

    /// Who set a key.
    public func origin(of key: String) -> ConfigurationOrigin { origins[key] ?? .standard }

    /// The configuration as a file that gives the same, with who set each value behind it.
    public var text: String {
        let rows = ConfigurationKey.all.map { key in
            ("\(key.name): \(key.text(in: configuration))", origin(of: key.name))
        }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { row, origin in "\(row.padded(to: width))  # \(origin)\n" }.joined()
    }
}

extension ConfigurationKey {
    /// A value given as one word where a file could have a list: paths are separated by colons.
    public func value(ofWord word: String) -> ConfigurationValue {
        switch kind {
        case .folders: .list(word.isEmpty ? [] : word.split(separator: ":").map(String.init))
        case .folder, .program, .count, .bytes, .seconds, .age, .layout: .text(word)
        }
    }
}
