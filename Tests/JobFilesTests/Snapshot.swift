import Foundation
import Testing

/// Compares text with a committed file; with RECORD_SNAPSHOTS set it writes the file and fails, so that no recording passes for a test.
func expectSnapshot(
    _ text: String,
    named name: String,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let file = URL(filePath: "\(packageFolder)/Tests/Fixtures/snapshots/\(name)")
    if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] != nil {
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
        Issue.record("recorded \(name); run again without it", sourceLocation: sourceLocation)
        return
    }
    let expected = try String(decoding: Data(contentsOf: file), as: UTF8.self)
    guard expected != text else { return }
    let lines = zip(expected.split(separator: "\n"), text.split(separator: "\n"))
    let first = lines.first { $0 != $1 }
    Issue.record(
        """
        \(name) is another now (RECORD_SNAPSHOTS=1 takes it over). First difference:
        - \(first?.0.prefix(300) ?? "")
        + \(first?.1.prefix(300) ?? "")
        """,
        sourceLocation: sourceLocation
    )
}
