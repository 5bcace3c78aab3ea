import Durability
import Foundation
import JobFiles
import Service
import Tensors
import Testing

/// Several real daemons on one root, killed and stopped at random.
///
/// `ESPALIER_JOBS=100` drops that many jobs instead of eight.
@Suite(
    "Many daemons",
    .enabled(if: BuiltProgram.path != nil, "the program is not built"),
    .serialized
)
struct ManyDaemonsTests {
    private static let spec = TemporarySpool.spec(
        epochs: 30,
        adding: "checkpoint_every: 0\nmax_attempts: 100"
    )

    @Test("each job is delivered exactly once, whatever daemons are killed or put to sleep")
    func exactlyOnce() throws {
        let place = try TemporarySpool()
        let environment = ProcessInfo.processInfo.environment
        let jobs = environment["ESPALIER_JOBS"].flatMap(Int.init) ?? 8
        let names = (0..<jobs).map { "job-\($0)" }
        for name in names { try place.drop(name, spec: Self.spec) }
        var random = CounterRandom(seed: 31, stage: "many daemons")
        var daemons = try (0..<3).map { _ in try start(place) }
        defer { for daemon in daemons { kill(daemon.processIdentifier, SIGKILL) } }
        var (kills, sleeps) = (0, 0)
        let deadline = Date(timeIntervalSinceNow: 60 + Double(jobs) * 4)
        while try place.files.names(in: place.spool.done).count < jobs, Date() < deadline {
            Thread.sleep(forTimeInterval: Double.random(in: 0.1...0.9, using: &random))
            let victim = Int.random(in: 0..<3, using: &random)
            if (kills + sleeps) % 5 < 3 {
                kill(daemons[victim].processIdentifier, SIGKILL)
                daemons[victim].waitUntilExit()
                daemons[victim] = try start(place)
                kills += 1
            } else {
                // Longer than its lease: others take its jobs, and it must not deliver them again.
                kill(daemons[victim].processIdentifier, SIGSTOP)
                Thread.sleep(forTimeInterval: 1.5)
                kill(daemons[victim].processIdentifier, SIGCONT)
                sleeps += 1
            }
        }
        for daemon in daemons { daemon.terminate() }
        for daemon in daemons { daemon.waitUntilExit() }
        print("many daemons: \(jobs) jobs, \(kills) kills, \(sleeps) sleeps")
        #expect(kills > 0)
        #expect(Set(try place.deliveries()) == Set(names))
        #expect(try place.files.names(in: place.spool.done).count == jobs)
        #expect(try place.files.names(in: place.spool.failed).isEmpty)
        #expect(try place.files.names(in: place.spool.inbox).isEmpty)
        #expect(try place.spool.jobs(on: place.files).isEmpty)
        let first = try place.delivered("\(names[0])/\(names[0]).h5")
        for name in names { #expect(try place.delivered("\(name)/\(name).h5") == first) }
    }

    private func start(_ place: TemporarySpool) throws -> Process {
        let configuration = "\(place.root)/daemon.yaml"
        if try place.files.statusIfPresent(of: configuration) == nil {
            let text = "poll: 0.2\nsettle: 0.05\nlease: 1\nrest: 0.2\n"
            try place.files.writeNew(Array(text.utf8), to: configuration)
        }
        return try BuiltProgram.start([
            "serve", "--root", place.root, "--config", configuration,
        ])
    }
}
