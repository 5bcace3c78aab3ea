/// The word of a list that is nearest to another by edit distance; of equals the first by spelling.
///
/// Long input is cut, so that a hostile key costs no more than a long one.
public func nearestWord(to word: String, among known: [String]) -> String? {
    let word = String(word.prefix(256))
    return known.min { (editDistance($0, word), $0) < (editDistance($1, word), $1) }
}

/// Insertions, removals and replacements of letters that turn one word into the other (Levenshtein 1966).
private func editDistance(_ left: String, _ right: String) -> Int {
    let right = Array(right.prefix(64))
    var row = Array(0...right.count)
    for (index, letter) in left.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for (column, other) in right.enumerated() {
            let changed = diagonal + (letter == other ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(changed, diagonal + 1, row[column] + 1)
        }
    }
    return row[right.count]
}
