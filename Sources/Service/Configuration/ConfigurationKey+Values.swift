extension ConfigurationKey {
    /// What the key takes, for people.
    public var expected: String {
        switch kind {
        case .folder: "a path"
        case .folders: "a list of paths"
        case .program: "the absolute path of a program"
        case .count(_, let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .bytes: "a size such as 512M or 8G"
        case .seconds(_, let range):
            "a duration such as 90s, 15m, 12h or 30d, from "
                + Quantity.text(seconds: range.lowerBound) + " to "
                + Quantity.text(seconds: range.upperBound)
        case .age: "a duration such as 12h or 30d, or forever"
        case .layout: OutboxLayout.allCases.map(\.rawValue).joined(separator: " or ")
        }
    }

    /// The default, as the file would have it.
    public var standard: String { text(in: DaemonConfiguration()) }

    /// What stands for the value in the command's help.
    public var valueName: String {
        switch kind {
        case .folder, .program: "path"
        case .folders: "folder"
        case .count: "number"
        case .bytes: "size"
        case .seconds, .age: "duration"
        case .layout: "layout"
        }
    }

    /// Puts a value in its place.
    ///
    /// - Returns: Whether the key takes it.
    func set(_ value: ConfigurationValue, in configuration: inout DaemonConfiguration) -> Bool {
        switch kind {
        case .folder(let place):
            return put(value.word.flatMap { $0.isEmpty ? nil : $0 }, at: place, &configuration)
        case .program(let place):
            let path = value.word.flatMap { $0.isEmpty || $0.hasPrefix("/") ? $0 : nil }
            return put(path, at: place, &configuration)
        case .folders(let place):
            let words = value.words.flatMap { $0.contains("") ? nil : $0 }
            return put(words, at: place, &configuration)
        case .count(let place, let range):
            let number = value.word.flatMap { Int($0) }
            return put(number.flatMap { range.contains($0) ? $0 : nil }, at: place, &configuration)
        case .bytes(let place):
            return put(value.word.flatMap { Quantity.bytes($0) }, at: place, &configuration)
        case .seconds(let place, let range):
            let number = value.word.flatMap { Quantity.seconds($0) }
            return put(number.flatMap { range.contains($0) ? $0 : nil }, at: place, &configuration)
        case .age(let place):
            if value.word == "forever" { return put(.some(nil), at: place, &configuration) }
            let number = value.word.flatMap { Quantity.seconds($0) }
            let age = number.flatMap { $0 > 0 ? $0 : nil }
            return put(age.map(Optional.some), at: place, &configuration)
        case .layout(let place):
            return put(value.word.flatMap { OutboxLayout(rawValue: $0) }, at: place, &configuration)
        }
    }

    private func put<Value>(
        _ value: Value?,
        at place: Place<Value>,
        _ configuration: inout DaemonConfiguration
    ) -> Bool {
        guard let value else { return false }
        configuration[keyPath: place] = value
        return true
    }

    /// The value as the file would have it.
    func text(in configuration: DaemonConfiguration) -> String {
        switch kind {
        case .folder(let place), .program(let place):
            Self.scalar(configuration[keyPath: place])
        case .folders(let place):
            "[" + configuration[keyPath: place].map(Self.scalar).joined(separator: ", ") + "]"
        case .count(let place, _): "\(configuration[keyPath: place])"
        case .bytes(let place): Quantity.text(bytes: configuration[keyPath: place])
        case .seconds(let place, _): Quantity.text(seconds: configuration[keyPath: place])
        case .age(let place):
            configuration[keyPath: place].map { Quantity.text(seconds: $0) } ?? "forever"
        case .layout(let place): configuration[keyPath: place].rawValue
        }
    }

    /// A text of plain letters as it is, any other in quotes.
    private static func scalar(_ text: String) -> String {
        let isPlain = text.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || "/._-".contains($0))
        }
        let isWord = isPlain && text.first.map { $0.isLetter || $0 == "/" || $0 == "." } == true
        if isWord { return text }
        return "'" + text.replacing("'", with: "''") + "'"
    }
}
