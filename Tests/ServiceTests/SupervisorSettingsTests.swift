import Service
import Testing

@Suite("Supervisor settings")
struct SupervisorSettingsTests {
    @Test("keys that are given count, all others keep their default")
    func reading() throws {
        let settings = try SupervisorSettings(configuration: "poll: 3\nconcurrency: 2\n")
        var expected = SupervisorSettings()
        expected.pollSeconds = 3
        expected.concurrency = 2
        #expect(settings == expected)
        #expect(try SupervisorSettings(configuration: "") == SupervisorSettings())
    }

    @Test(
        "a key or value that does not fit is refused by name",
        arguments: [
            ("pol: 3", "Received the key pol."), ("poll: soon", "poll: received soon."),
            ("concurrency: 1.5", "concurrency: received 1.5."),
            ("concurrency: 0", "concurrency: received 0."), ("settle: .nan", "settle: received"),
            ("[1, 2]", "Expected keys and numbers."), ("a: [", "Expected keys and numbers."),
        ]
    )
    func refusing(text: String, expected: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try SupervisorSettings(configuration: text)
        }
        #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }

    @Test("a log message is one line, with the journal's priority only where it listens")
    func logLines() {
        #expect(JournalLogHandler.line("a\nb", priority: 3) == "<3>a b\n")
        #expect(JournalLogHandler.line("a", priority: nil) == "a\n")
    }
}
