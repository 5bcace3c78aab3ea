import Durability
import Foundation
import JobFiles
import Service
import Testing

/// What an administrator does to a running daemon, with the real program.
@Suite(
    "Administration",
    .enabled(if: BuiltProgram.path != nil, "the program is not built"),
    .serialized
)
struct AdministrationTests {
    /// A daemon that is quick to notice; stopped when it goes.
    private final class Daemon {
        let process: Process

        init(_ place: TemporarySpool, _ arguments: [String] = []) throws {
            process = try BuiltProgram.start(
                ["serve", "--root", place.root, "--settle", "0.05", "--poll", "0.1"] + arguments
            )
        }

        deinit {
            process.terminate()
            process.waitUntilExit()
        }
    }

    private func stage(_ place: TemporarySpool) throws -> String? {
        for job in try place.spool.jobs(on: place.files) {
            // Between two looks the job may have been delivered.
            if let progress = try? job.progress(on: place.files) { return progress.stage }
        }
        return nil
    }

    @Test("a paused job stops with its progress saved, lets others pass, and goes on when resumed")
    func pausing() throws {
        let place = try TemporarySpool()
        try place.drop("slow", spec: TemporarySpool.spec(epochs: 400))
        let daemon = try Daemon(place)
        try wait("it trains") { try stage(place) == "distillation" }
        #expect(try BuiltProgram.run(["pause", "slow", "--root", place.root]) == 0)
        try wait("it is paused") {
            try place.spool.jobs(on: place.files).contains {
                try place.files.statusIfPresent(of: "\($0.path)/pause") != nil
            }
        }
        try place.drop("quick")
        try wait("the other is delivered") {
            try place.deliveries().contains("quick")
        }
        #expect(try !place.files.names(in: place.spool.outbox).contains("slow"))
        #expect(try BuiltProgram.run(["resume", "slow", "--root", place.root]) == 0)
        try wait("it is delivered") {
            try place.deliveries().contains("slow")
        }
        let log = String(decoding: try place.delivered("slow/job.log"), as: UTF8.self)
        #expect(log.contains("resumed from checkpoint"))
        #expect(daemon.process.isRunning)
    }

    @Test("a job that failed for want of data is done when retried with the data there")
    func retrying() throws {
        let place = try TemporarySpool()
        try place.files.rename("\(place.root)/data/data.h5", to: "\(place.root)/away.h5")
        try place.drop("job")
        #expect(try BuiltProgram.drain(place.spool) == 1)
        #expect(try place.failure("job").code == "data-missing")
        try place.files.rename("\(place.root)/away.h5", to: "\(place.root)/data/data.h5")
        #expect(try BuiltProgram.run(["retry", "other", "--root", place.root]) == 65)
        #expect(try BuiltProgram.run(["retry", "job", "--root", place.root]) == 0)
        #expect(try BuiltProgram.drain(place.spool) == 0)
        #expect(try place.deliveries().contains("job"))
        #expect(try place.files.names(in: place.spool.inbox).isEmpty)
    }

    @Test("of drops that wait, the one of the highest priority is done first")
    func priorities() throws {
        let place = try TemporarySpool()
        try place.drop("a-first")
        try place.drop("b-low", spec: TemporarySpool.spec(adding: "priority: -1"))
        try place.drop("c-high", spec: TemporarySpool.spec(adding: "priority: 5"))
        // All are at rest when the daemon first looks, so that it has the choice.
        Thread.sleep(forTimeInterval: 0.2)
        #expect(try BuiltProgram.drain(place.spool) == 0)
        let times = try ["c-high", "a-first", "b-low"].map {
            try place.files.status(of: "\(place.spool.outbox)/\($0)/SHA256SUMS").modifiedNanoseconds
        }
        #expect(times == times.sorted() && Set(times).count == 3)
    }

    @Test("the program of on_delivery gets the delivered folder, and one that hangs is ended")
    func hooks() throws {
        let place = try TemporarySpool()
        let script = "\(place.root)/hook"
        let text = """
            #!/bin/sh
            ls "$1/SHA256SUMS" && echo "$ESPALIER_JOB $ESPALIER_RESULT $1" >> \(place.root)/told
            case "$1" in *slow) sleep 600;; esac

            """
        try place.files.writeNew(Array(text.utf8), to: script)
        #expect(chmod(script, 0o755) == 0)
        try place.drop("a-slow")
        try place.drop("b", spec: "data: {file: none.h5}\nbudget: {macs: 0.5}\n")
        let flags = ["--on-delivery", script, "--on-delivery-limit", "1"]
        #expect(try BuiltProgram.drain(place.spool, flags) == 1)
        let told = String(
            decoding: try place.files.read("\(place.root)/told", limit: 4096),
            as: UTF8.self
        )
        let outbox = place.spool.outbox
        #expect(told == "a-slow done \(outbox)/a-slow\nb failed \(outbox)/b.failed\n")
        for folder in [place.spool.done, place.spool.failed] {
            let name = try #require(try place.files.names(in: folder).first)
            #expect(try !place.files.names(in: "\(folder)/\(name)").contains("hook-pending"))
        }
        let metrics = String(decoding: try place.delivered("espalier.prom"), as: UTF8.self)
        #expect(metrics.contains(#"espalier_delivery_hooks_total{result="done"} 1"#))
        #expect(metrics.contains(#"espalier_delivery_hooks_total{result="failed"} 1"#))
        #expect(metrics.contains(#"espalier_jobs_delivered_total{result="done"} 1"#))
    }

    @Test("what is kept long enough goes, what was never delivered stays")
    func retention() throws {
        let place = try TemporarySpool()
        try place.drop("old")
        #expect(try BuiltProgram.drain(place.spool) == 0)
        let undelivered = "\(place.spool.failed)/never~00000001/drop"
        try place.files.makeDurableFolder(undelivered)
        try place.files.writeNew([1], to: "\(undelivered)/never.h5")
        try place.files.makeDurableFolder("\(place.spool.outbox)/foreign")
        let ages = ["--keep-done", "0.001", "--keep-failed", "0.001", "--keep-delivered", "0.001"]
        #expect(try BuiltProgram.drain(place.spool, ages) == 0)
        #expect(try place.files.names(in: place.spool.done).isEmpty)
        #expect(try place.files.names(in: place.spool.failed) == ["never~00000001"])
        #expect(try !place.files.names(in: place.spool.outbox).contains("old"))
        #expect(try place.deliveries().contains("foreign"))
        #expect(try place.files.names(in: "\(place.spool.work)/.trash").isEmpty)
    }

    @Test("data outside the folders that are allowed is refused, by name or by link")
    func confinement() throws {
        let place = try TemporarySpool()
        let allowed = "\(place.root)/allowed"
        try place.files.makeDurableFolder(allowed)
        #expect(symlink("\(place.root)/data/data.h5", "\(allowed)/link.h5") == 0)
        for (name, file) in [
            ("a-path", "\(place.root)/data/data.h5"), ("b-link", "link.h5"),
            ("c-up", "../data/data.h5"),
        ] {
            try place.drop(name, spec: TemporarySpool.spec().replacing("data.h5", with: file))
        }
        let flags = ["--data-folders", allowed]
        #expect(try BuiltProgram.drain(place.spool, flags) == 1)
        for name in ["a-path", "b-link", "c-up"] {
            #expect(try place.failure(name).code == "data-forbidden")
        }
        // Without a list, the spool's own folders are all there is.
        let elsewhere = try TemporarySpool()
        let path = "\(elsewhere.root)/data/data.h5"
        try place.drop("d-default", spec: TemporarySpool.spec().replacing("data.h5", with: path))
        #expect(try BuiltProgram.drain(place.spool, []) == 1)
        #expect(try place.failure("d-default").code == "data-forbidden")
    }

    @Test("a pipe in place of data keeps no worker waiting, and what is outside is not told of")
    func oddData() throws {
        let place = try TemporarySpool()
        #expect(mkfifo("\(place.root)/data/pipe.h5", 0o600) == 0)
        let codes = [
            "a-pipe": ("pipe.h5", "data-unreadable"), "b-outside": ("/none.h5", "data-forbidden"),
            "c-inside": ("\(place.root)/data/none.h5", "data-missing"),
            "d-cut": ("\"data.h5\\0x\"", "data-missing"),
        ]
        for (name, (file, _)) in codes {
            try place.drop(name, spec: TemporarySpool.spec().replacing("data.h5", with: file))
        }
        #expect(try BuiltProgram.drain(place.spool) == 1)
        for (name, (_, code)) in codes {
            let failure = try place.failure(name)
            #expect(failure.code == code, "\(name): \(failure.message)")
        }
    }

    @Test("a configuration that cannot work ends the daemon with 78, a flag that cannot with 64")
    func faults() throws {
        let place = try TemporarySpool()
        let file = "\(place.root)/espalier.yaml"
        try place.files.writeNew(Array("root: \(place.root)\npol: 3\n".utf8), to: file)
        #expect(try BuiltProgram.run(["serve", "--once", "--config", file]) == 78)
        #expect(
            try BuiltProgram.run(["serve", "--once", "--root", place.root, "--poll", "x"]) == 64
        )
        let elsewhere = [
            "serve", "--once", "--root", place.root, "--outbox", "/dev/shm/espalier-test",
        ]
        if (try? place.files.status(of: "/dev/shm")) != nil {
            #expect(try BuiltProgram.run(elsewhere) == 64, "another file system")
            try place.files.removeTree("/dev/shm/espalier-test")
        }
    }
}
