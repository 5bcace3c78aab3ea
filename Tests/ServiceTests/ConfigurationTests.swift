import Durability
import JobFiles
import Service
import Testing

@Suite("Configuration")
struct ConfigurationTests {
    private func resolve(
        flags: [String: ConfigurationValue] = [:],
        environment: [String: String] = [:],
        file: String = ""
    ) throws(ConfigurationError) -> ResolvedConfiguration {
        try ResolvedConfiguration(
            flags: flags,
            environment: environment,
            file: ("/etc/espalier/espalier.yaml", file)
        )
    }

    @Test("a flag counts before the environment, that before the file, that before the default")
    func precedence() throws {
        let resolved = try resolve(
            flags: ["poll": .text("1")],
            environment: ["ESPALIER_POLL": "2", "ESPALIER_SETTLE": "3s", "HOME": "/root"],
            file: "poll: 4\nsettle: 5\ngrace: 15m\n"
        )
        let settings = resolved.configuration.settings
        #expect(settings.pollSeconds == 1 && settings.settleSeconds == 3)
        #expect(settings.graceSeconds == 900 && settings.stallSeconds == 3600)
        #expect(resolved.origin(of: "poll") == .flag("--poll"))
        #expect(resolved.origin(of: "settle") == .environment("ESPALIER_SETTLE"))
        #expect(resolved.origin(of: "grace") == .file("/etc/espalier/espalier.yaml", line: 3))
        #expect(resolved.origin(of: "stall") == .standard)
        #expect(resolved.text.contains("grace: 15m"))
        #expect(resolved.text.contains("# /etc/espalier/espalier.yaml:3\n"))
    }

    @Test("the configuration as it is shown reads back as the same")
    func roundTrip() throws {
        let resolved = try resolve(
            file: """
                root: "/srv/with space/#1"
                data_folders: [/srv/data, "it's"]
                memory: 8G
                keep_failed: 30d
                keep_done: 90m
                rest: 0.5
                outbox_layout: dated
                on_delivery: /usr/local/bin/tell
                """
        )
        #expect(resolved.configuration.memoryBytes == 8 << 30)
        #expect(resolved.configuration.retention.failedSeconds == 2_592_000.0)
        #expect(resolved.configuration.dataFolders == ["/srv/data", "it's"])
        #expect(try resolve(file: resolved.text).configuration == resolved.configuration)
    }

    @Test("no file, an empty one and one of comments give the defaults")
    func defaults() throws {
        #expect(try resolve().configuration == DaemonConfiguration())
        #expect(try resolve(file: "# poll: 3\n").configuration == DaemonConfiguration())
    }

    @Test(
        "a fault names file, line and key, and for an unknown key the nearest",
        arguments: [
            ("poll: 1\npol: 3", ":2: received the key pol. Did you mean poll?"),
            ("poll: soon", ":1: poll: received soon. Expected a duration"),
            ("\nconcurrency: 1.5", ":2: concurrency: received 1.5."),
            ("concurrency: 0", ":1: concurrency: received 0."),
            ("settle: .nan", ":1: settle: received .nan."),
            ("keep_done: -1d", ":1: keep_done: received -1d."),
            ("memory: lots", ":1: memory: received lots. Expected a size"),
            ("on_delivery: tell", ":1: on_delivery: received tell. Expected the absolute path"),
            ("outbox_layout: flat", ":1: outbox_layout: received flat. Expected plain or dated."),
            ("poll: {a: 1}", ":1: poll: received something else."),
            ("[1, 2]", ":1: is not a set of keys."), ("poll: 1\na: [", ": is not YAML: "),
            ("poll: 1\npoll: 2", "poll"),
        ]
    )
    func faults(text: String, expected: String) {
        let error = #expect(throws: ConfigurationError.self) { try resolve(file: text) }
        let line = error?.faults.map(\.description).joined(separator: "\n") ?? ""
        #expect(line.hasPrefix("/etc/espalier/espalier.yaml:"))
        #expect(line.contains(expected), "\(line)")
    }

    @Test("all faults of all layers are told at once, each by its layer")
    func several() {
        let error = #expect(throws: ConfigurationError.self) {
            try resolve(
                flags: ["poll": .text("x")],
                environment: ["ESPALIER_GRACE": "y"],
                file: "settle: z\n"
            )
        }
        let lines = error?.faults.map(\.description) ?? []
        #expect(lines.count == 3)
        #expect(lines.contains { $0.hasPrefix("--poll: poll: received x.") })
        #expect(lines.contains { $0.hasPrefix("ESPALIER_GRACE: grace: received y.") })
        #expect(error?.faults.filter(\.isOfFlag).count == 1)
    }

    @Test("a file that was named must be there, one that is only looked for need not")
    func places() throws {
        let files = InMemoryFileSystem()
        try files.makeDurableFolder("/home/ann/.config/espalier")
        let home = ["HOME": "/home/ann"]
        func reading(
            _ config: String?,
            _ environment: [String: String]
        ) throws(ConfigurationError) -> String? {
            try ResolvedConfiguration.reading(
                flags: [:],
                config: config,
                environment: environment,
                files: files
            ).file
        }
        #expect(try reading(nil, home) == nil)
        #expect(throws: ConfigurationError.self) { try reading("/none.yaml", home) }
        #expect(throws: ConfigurationError.self) {
            try reading(nil, ["ESPALIER_CONFIG": "/none.yaml"])
        }
        let own = "/home/ann/.config/espalier/espalier.yaml"
        try files.writeNew(Array("poll: 3\n".utf8), to: own)
        #expect(try reading(nil, home) == own)
        #expect(try reading(nil, ["XDG_CONFIG_HOME": "/else", "HOME": "/home/ann"]) == nil)
    }

    @Test("paths are under the root unless they are absolute, and workers are told of limits")
    func paths() throws {
        let configuration = try resolve(
            file: "root: /srv\ninbox: drop\noutbox: /out\nthreads: 4\nmemory: 1M\ndata_folders: [d]"
        ).configuration
        #expect(configuration.spool.inbox == "/srv/drop" && configuration.spool.outbox == "/out")
        let expected = [
            "--outbox", "/out", "--data-folder", "/srv/d", "--outbox-layout", "plain", "--confined",
            "--threads", "4",
        ]
        #expect(configuration.workerArguments == expected)
    }

    @Test("a spec never gets more threads than the administrator allows, and at least one")
    func threads() {
        let limits = WorkerLimits(threads: 4)
        #expect(limits.threads(asked: nil, processors: 16) == 4)
        #expect(limits.threads(asked: 2, processors: 16) == 2)
        #expect(WorkerLimits().threads(asked: nil, processors: 16) == 16)
    }
}
