/// A pattern with `*` for any text and `?` for any character.
struct GlobPattern {
    private let pattern: [Character]

    init(_ pattern: String) {
        self.pattern = Array(pattern)
    }

    /// Whether the whole name fits the pattern.
    func matches(_ name: String) -> Bool {
        let name = Array(name)
        var (position, letter) = (0, 0)
        var star: (pattern: Int, letter: Int)?
        while letter < name.count {
            if position < pattern.count, pattern[position] == "*" {
                star = (position, letter)
                position += 1
            } else if position < pattern.count,
                pattern[position] == "?" || pattern[position] == name[letter]
            {
                position += 1
                letter += 1
            } else if let last = star {
                star = (last.pattern, last.letter + 1)
                (position, letter) = (last.pattern + 1, last.letter + 1)
            } else {
                return false
            }
        }
        return pattern[position...].allSatisfy { $0 == "*" }
    }
}
