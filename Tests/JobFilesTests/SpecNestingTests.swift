import JobFiles
import Testing

@Suite struct SpecNestingTests {
    @Test(
        "deep nesting is refused, never a trap",
        arguments: ["[", "{", "- ", "? ", "{a: ", "[[a]: "]
    )
    func deep(opening: String) {
        let text = String(repeating: opening, count: 250_000 / opening.count)
        #expect(throws: SpecError.self) { try JobSpec.parse(text) }
    }

    @Test("random bytes are refused or read, never a trap")
    func random() {
        var state: UInt64 = 1
        let letters = Array("[]{}:-?,&*!|>'\"%@`# \n\tab01.e~<")
        for _ in 0..<2000 {
            var text = ""
            for _ in 0..<60 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text.append(letters[Int((state >> 33) % UInt64(letters.count))])
            }
            guard case .success(let spec) = Result(catching: { try JobSpec.parse(text) }) else {
                continue
            }
            #expect((try? JobSpec.parse(spec.resolvedYAML)) == spec)
        }
    }

    @Test(
        "names with control characters survive the resolved spec",
        arguments: ["a\\nb", "tab\\tb", "\\u0001", "e\\u0301", "\\u2028", "\\\\", "\\\"", "\\0"]
    )
    func control(escaped: String) throws {
        let spec = try JobSpec.parse("data: {file: \"\(escaped)x\"}\nbudget: {macs: 0.5}\n")
        #expect(try JobSpec.parse(spec.resolvedYAML) == spec)
    }

    @Test("a budget beyond a machine word, below zero or not a number is refused, never a trap")
    func budget() {
        for text in ["1e400", "9e18", "-1", "inf", "[]", "[0.5, 0.5]", "[0.5, x]"] {
            #expect(throws: SpecError.self, "\(text)") {
                try JobSpec.parse("data: {file: x}\nbudget: {macs: \(text)}")
            }
        }
    }
}
