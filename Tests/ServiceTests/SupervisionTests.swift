import Durability
import Foundation
import JobFiles
import Service
import Testing

/// What the daemon does about workers that stand still, and what it tells systemd, with the real program.
@Suite(
    "Supervision",
    .enabled(if: BuiltProgram.path != nil, "the program is not built"),
    .serialized
)
struct SupervisionTests {
    private func daemon(
        _ place: TemporarySpool,
        _ arguments: [String] = [],
        telling socket: NotificationSocket? = nil
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: BuiltProgram.path ?? "/nonexistent")
        process.arguments =
            ["serve", "--root", place.root, "--settle", "0.05", "--poll", "0.1"] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        if let socket {
            process.environment = ProcessInfo.processInfo.environment.merging(
                ["NOTIFY_SOCKET": socket.path],
                uniquingKeysWith: { $1 }
            )
        }
        try process.run()
        return process
    }

    private func isTraining(_ place: TemporarySpool) throws -> Bool {
        try place.spool.jobs(on: place.files).contains {
            // Between two looks the job may have been delivered.
            (try? $0.progress(on: place.files))?.stage == "distillation"
        }
    }

    /// The process of the only worker of a daemon.
    private func worker(of daemon: Process) throws -> Int32 {
        let identifier = daemon.processIdentifier
        for task in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(identifier)/task")
        {
            let path = "/proc/\(identifier)/task/\(task)/children"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            if let child = text.split(separator: " ").first.flatMap({ Int32($0) }) { return child }
        }
        throw POSIXError(.ESRCH)
    }

    @Test("a worker that stands still is ended, counted once, and its job is done by another")
    func stalled() throws {
        let place = try TemporarySpool()
        try place.drop("job", spec: TemporarySpool.spec(epochs: 60, adding: "checkpoint_every: 0"))
        let daemon = try daemon(place, ["--stall", "3"])
        defer {
            daemon.terminate()
            daemon.waitUntilExit()
        }
        try wait("it trains") { try isTraining(place) }
        kill(try worker(of: daemon), SIGSTOP)
        try wait("it is delivered") { try place.deliveries().contains("job") }
        let log = String(decoding: try place.delivered("job/job.log"), as: UTF8.self)
        #expect(log.contains("resumed from checkpoint"))
        try wait("it is counted") {
            String(decoding: try place.delivered("espalier.prom"), as: UTF8.self)
                .contains(#"espalier_jobs_delivered_total{result="done"} 1"#)
        }
        let metrics = String(decoding: try place.delivered("espalier.prom"), as: UTF8.self)
        #expect(metrics.contains(#"espalier_worker_deaths_total{reason="stalled"} 1"#))
        #expect(metrics.contains(#"espalier_worker_deaths_total{reason="died"} 0"#))
    }

    @Test("systemd is told of readiness, the job with its time left, and the wait for a last save")
    func notifications() throws {
        let place = try TemporarySpool()
        let socket = try NotificationSocket()
        try place.drop("job", spec: TemporarySpool.spec(epochs: 4000))
        let daemon = try daemon(place, telling: socket)
        try wait("it is ready") { socket.hasHeard("READY=1") }
        try wait("it says how long it takes") {
            socket.messages.contains {
                $0.contains("WATCHDOG=1\nSTATUS=job: distillation") && $0.contains(" left")
            } || socket.hasHeard("never said")
        }
        let worker = try worker(of: daemon)
        kill(worker, SIGSTOP)
        #expect(!socket.hasHeard("EXTEND_TIMEOUT_USEC"))
        let job = try #require(try place.spool.jobs(on: place.files).first)
        // What a checkpoint is called while it is written.
        try place.files.writeNew([1], to: "\(job.path)/\(TemporaryName.make(for: "checkpoint.1"))")
        daemon.terminate()
        try wait("it waits") { socket.hasHeard("STOPPING=1") }
        try wait("it asks for time") {
            socket.hasHeard("WATCHDOG=1\nEXTEND_TIMEOUT_USEC=30000000")
        }
        #expect(daemon.isRunning)
        kill(worker, SIGCONT)
        daemon.waitUntilExit()
        #expect(daemon.terminationStatus == 0)
        // Its owner is gone, and so is the owner's part of the folder's name.
        let left = try #require(try place.spool.jobs(on: place.files).first)
        let names = try place.files.names(in: left.path)
        #expect(names.contains { $0.hasPrefix("checkpoint.") })
    }
}
