/// Who set a value; of several, the one named first here counts.
public enum ConfigurationOrigin: Hashable, Sendable, CustomStringConvertible {
    /// A flag of the command line.
    case flag(String)
    /// A variable of the environment.
    case environment(String)
    /// A line of a file.
    case file(String, line: Int)
    /// Nobody.
    case standard

    /// For people: the flag, the variable, or the file and line.
    public var description: String {
        switch self {
        case .flag(let flag): flag
        case .environment(let variable): variable
        case .file(let path, let line): "\(path):\(line)"
        case .standard: "default"
        }
    }
}

/// One thing wrong with the configuration.
public enum ConfigurationFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// A file that is no list of keys and values.
    case notMapping(ConfigurationOrigin, reason: String)
    /// A key that means nothing here.
    case unknownKey(ConfigurationOrigin, key: String, nearest: String)
    /// A key that is there twice.
    case repeatedKey(ConfigurationOrigin, key: String)
    /// A value that the key does not take.
    case value(ConfigurationOrigin, key: String, expected: String, found: String)
    /// A file that was named and cannot be read.
    case unreadable(path: String, reason: String)

    /// Whether it was made on the command line.
    public var isOfFlag: Bool {
        switch self {
        case .notMapping(let origin, _), .unknownKey(let origin, _, _),
            .repeatedKey(let origin, _), .value(let origin, _, _, _):
            if case .flag = origin { return true }
            return false
        case .unreadable: return false
        }
    }

    /// One line: where, which key, what was received and what was expected.
    public var description: String {
        switch self {
        case .notMapping(let origin, let reason):
            "\(origin): \(reason). Expected keys and values, one to a line."
        case .unknownKey(let origin, let key, let nearest):
            "\(origin): received the key \(key). Did you mean \(nearest)?"
        case .repeatedKey(let origin, let key):
            "\(origin): received the key \(key) a second time."
        case .value(let origin, let key, let expected, let found):
            "\(origin): \(key): received \(found). Expected \(expected)."
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        }
    }
}

/// Everything wrong with the configuration, told at once.
public struct ConfigurationError: Error, Hashable, Sendable {
    /// The faults, in the order of the text.
    public var faults: [ConfigurationFault]
}
