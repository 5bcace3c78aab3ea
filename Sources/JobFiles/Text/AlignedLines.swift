/// Columns of equal width, the first to the left, the others to the right, with rules under the head and the end.
func alignedLines(_ rows: [[String]], rule: Character) -> [String] {
    let widths = rows[0].indices.map { column in
        min(44, rows.map { $0[column].count }.max() ?? 0)
    }
    let lines = rows.map { row in
        zip(row, widths).enumerated().map { column, cell in
            let text = cell.0.shortened(to: cell.1)
            let room = String(repeating: " ", count: cell.1 - text.count)
            return column == 0 ? text + room : room + text
        }.joined(separator: "  ")
    }
    let line = String(repeating: rule, count: widths.reduce(0, +) + 2 * (widths.count - 1))
    return [line, lines[0], line] + lines.dropFirst() + [line]
}
