import Durability
import Foundation
import JobFiles
import Service
import Testing

/// `Docs/contract.md` against the program: what is there is in the page, and what is in the page is there.
@Suite("Contract")
struct ContractTests {
    private let page: String

    init() throws {
        let package = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        page = try String(
            contentsOf: package.appending(path: "Docs/contract.md"),
            encoding: .utf8
        )
    }

    /// The words in backticks of one section.
    private func words(of section: String) throws -> Set<String> {
        let parts = page.components(separatedBy: "\n## ")
        let text = try #require(parts.first { $0.hasPrefix("\(section)\n") })
        return Set(text.matches(of: /`([^`]+)`/).map { String($0.output.1) })
    }

    @Test("every metric is documented, and no other")
    func metrics() throws {
        var metrics = DaemonMetrics(startTime: 1)
        (metrics.lastDone, metrics.lastFailed) = (1, 1)
        var snapshot = DaemonMetrics.Snapshot()
        snapshot.running = ["search": 1]
        (snapshot.oldestCheckpoint, snapshot.freeBytes, snapshot.sizeBytes) = (1, 1, 1)
        let lines = metrics.text(snapshot, version: "1").split(separator: "\n")
        let told = lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] }
        let documented = try words(of: "Metrics").filter { $0.hasPrefix("espalier_") }
            .map { $0.prefix { $0 != "{" } }
        #expect(Set(told) == Set(documented))
        let states = lines.filter { $0.hasPrefix("espalier_jobs{") }
            .compactMap { $0.split(separator: "\"").dropFirst().first }
        let row = try words(of: "Metrics").first { $0.hasPrefix("espalier_jobs{") }
        #expect(row == "espalier_jobs{state=\"\(states.joined(separator: "\\|"))\"}")
    }

    @Test("every wish and every state of a job is documented, and no other")
    func wishes() throws {
        let wishes = try words(of: "Wishes").filter { $0.hasPrefix("NAME") }
        #expect(wishes == Set(JobWish.allCases.map { "NAME\($0.suffix)" }))
        for state in JobList.State.allCases {
            #expect(try words(of: "The outbox").contains(state.rawValue))
        }
    }

    @Test(
        "every file of the outbox, of a delivery and of a failure is documented, and all of them come",
        .enabled(if: BuiltProgram.path != nil, "the program is not built")
    )
    func files() throws {
        let place = try TemporarySpool()
        try place.drop("NAME")
        try place.drop("SEVERAL", spec: TemporarySpool.spec(adding: "method: [lasso, l1]"))
        try place.drop("BAD", spec: "budget: {macs: 0.5}\n")
        #expect(try BuiltProgram.drain(place.spool) == 1)
        let deliveries = try place.deliveries()
        let beside = try place.files.names(in: place.spool.outbox)
            .filter { !deliveries.contains($0) && !$0.hasPrefix(".") }
        #expect(
            try words(of: "The outbox").filter { $0.contains(/\.(html|json|prom)$/) } == Set(beside)
        )
        let delivered = try place.files.names(in: "\(place.spool.outbox)/NAME")
        let rows = try words(of: "The delivery").filter { $0.contains(".") || $0 == "SHA256SUMS" }
        #expect(rows == Set(delivered))
        let several = try place.files.names(in: "\(place.spool.outbox)/SEVERAL")
        let rowsOfSeveral = try words(of: "The delivery of several students")
            .filter { $0.contains(/\.(html|json|csv|yaml|log)$/) || $0 == "SHA256SUMS" }
        #expect(rowsOfSeveral.union(["lasso", "l1"]) == Set(several))
        for name in try place.files.names(in: "\(place.spool.outbox)/BAD.failed") {
            #expect(page.contains("`\(name)`") || name.hasPrefix("BAD"), "\(name)")
        }
    }
}
