import Foundation
import Testing

@Suite struct FailureCodeTests {
    private func text(_ path: String) throws -> String {
        try String(decoding: Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }

    /// The codes that the sources give to failures.
    private func codesInSources() throws -> Set<String> {
        var codes: Set<String> = []
        let sources = "\(packageFolder)/Sources"
        let names = FileManager.default.enumerator(atPath: sources)?.allObjects as? [String] ?? []
        for name in names where name.hasSuffix(".swift") {
            let source = try text("\(sources)/\(name)")
            for match in source.matches(of: #/code: "([a-z0-9-]+)"/#) {
                codes.insert(String(match.1))
            }
            for match in source.matches(of: #/(?:self\.init|JobFailure)\(\s*"([a-z0-9-]+)",/#) {
                codes.insert(String(match.1))
            }
        }
        return codes
    }

    @Test(
        "every failure code of the sources is in the contract, and every one there is in the sources"
    )
    func documented() throws {
        let contract = try text("\(packageFolder)/Docs/contract.md")
        let section =
            contract.components(separatedBy: "## Failure codes").last?
            .components(separatedBy: "\n## ").first ?? ""
        let rows = section.matches(of: #/\| `([a-z0-9-]+)` \|/#).map { String($0.1) }
        let codes = try codesInSources()
        #expect(codes.count > 40, "the sources were found")
        #expect(codes.subtracting(rows).sorted() == [], "not in Docs/contract.md")
        #expect(Set(rows).subtracting(codes).sorted() == [], "in Docs/contract.md only")
        #expect(rows == Set(rows).sorted(), "sorted, each once")
    }
}
