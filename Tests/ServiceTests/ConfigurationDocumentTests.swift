import Foundation
import JobFiles
import Service
import Testing

@Suite("Docs/configuration.md")
struct ConfigurationDocumentTests {
    @Test(
        "the table has a row for each key, with its default, what it takes and what it means, in order"
    )
    func table() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Docs/configuration.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
        let expected = ConfigurationKey.all.map {
            "| `\($0.name)` | `\($0.standard)` | \($0.expected) | \($0.help) |"
        }
        #expect(rows == expected, "expected:\n\(expected.joined(separator: "\n"))")
    }
}
