import Durability
import Foundation
import Glibc
import JobFiles
import Service
import Testing

/// Everything that a file does on its way into an inbox, and everything in there that is no job, before a real daemon.
@Suite("Arrivals", .enabled(if: BuiltProgram.path != nil, "the program is not built"), .serialized)
struct ArrivalTests {
    private static let spec = Array(TemporarySpool.spec(epochs: 1).utf8)

    /// Runs a daemon while the body drops files, until as many deliveries are there or half a minute is over.
    private func serve(
        expecting deliveries: Int,
        _ body: (TemporarySpool) throws -> Void
    ) throws -> TemporarySpool {
        let place = try TemporarySpool()
        let daemon = try BuiltProgram.start([
            "serve", "--root", place.root, "--settle", "0.4", "--poll", "0.2", "--grace", "2",
        ])
        defer {
            daemon.terminate()
            daemon.waitUntilExit()
        }
        try body(place)
        let deadline = Date(timeIntervalSinceNow: 30)
        func settled() throws -> Int {
            try [place.spool.done, place.spool.failed]
                .reduce(0) { try $0 + place.files.names(in: $1).count }
        }
        while try settled() < deliveries, Date() < deadline { Thread.sleep(forTimeInterval: 0.05) }
        return place
    }

    /// Writes a file piece by piece, resting in between, and closing it in between where asked.
    private func drip(_ bytes: [UInt8], to path: String, pieces: Int, closing: Bool) throws {
        var handle = fopen(path, "w")
        for piece in 0..<pieces {
            let range = bytes.count * piece / pieces..<bytes.count * (piece + 1) / pieces
            #expect(fwrite(Array(bytes[range]), 1, range.count, handle) == range.count)
            fflush(handle)
            if closing {
                fclose(handle)
                handle = fopen(path, "a")
            }
            Thread.sleep(forTimeInterval: 0.3)
        }
        fclose(handle)
    }

    @Test("however a drop arrives, fast or slow, whole or in pieces, it is taken once and whole")
    func ways() throws {
        let model = try TemporarySpool.model()
        let names = ["copied", "moved", "slow", "reopened", "model first", "spec first", "linked"]
        let place = try serve(expecting: names.count) { place in
            let inbox = place.spool.inbox
            let outside = "\(place.root)/outside.h5"
            try place.files.writeNew(model, to: outside)
            for name in names where name != "model first" {
                try place.files.writeNew(Self.spec, to: "\(inbox)/\(name).yaml")
            }
            try place.files.writeNew(model, to: "\(inbox)/copied.h5")
            try place.files.writeNew(model, to: "\(inbox)/.moved.h5.Xy12Zz")
            try place.files.rename("\(inbox)/.moved.h5.Xy12Zz", to: "\(inbox)/moved.h5")
            try place.files.writeNew(model, to: "\(inbox)/model first.h5")
            #expect(link(outside, "\(inbox)/linked.h5") == 0)
            try drip(model, to: "\(inbox)/slow.h5", pieces: 5, closing: false)
            try drip(model, to: "\(inbox)/reopened.h5", pieces: 4, closing: true)
            try place.files.writeNew(Self.spec, to: "\(inbox)/model first.yaml")
            try place.files.writeNew(model, to: "\(inbox)/spec first.h5")
        }
        #expect(Set(try place.deliveries()) == Set(names))
        #expect(try place.files.names(in: place.spool.inbox).isEmpty)
        let first = try place.delivered("copied/copied.h5")
        for name in names { #expect(try place.delivered("\(name)/\(name).h5") == first) }
    }

    @Test("any name that a file can have is a job's name")
    func names() throws {
        let long = String(repeating: "n", count: 250)
        let names = ["two words", "line\nbreak", "🌳 spalier", "~", "a~b.c", "-rf", long]
        let place = try serve(expecting: names.count) { place in
            for name in names {
                try place.drop(name, spec: TemporarySpool.spec(epochs: 1))
            }
        }
        let expected = Set(names.map(DropName.shortened))
        #expect(Set(try place.deliveries()) == expected)
        for name in expected { #expect(!(try place.delivered("\(name)/\(name).h5")).isEmpty) }
    }

    @Test("what is no job is left where it is, and a job beside it is done")
    func nuisances() throws {
        let place = try serve(expecting: 1) { place in
            let inbox = place.spool.inbox
            let model = try TemporarySpool.model()
            for name in [
                ".hidden.h5", "half.h5.part", "half.h5.filepart", "half.h5.crdownload", "old.h5~",
                ".syncthing.model.h5.tmp", "README.md", "notes.txt", "Thumbs.db", "alone.h5",
            ] {
                try place.files.writeNew(model, to: "\(inbox)/\(name)")
            }
            try place.files.writeNew(Self.spec, to: "\(inbox)/lonely.yaml")
            for name in ["folder", "pipe", "symbolic"] {
                try place.files.writeNew(Self.spec, to: "\(inbox)/\(name).yaml")
            }
            try place.files.makeFolder("\(inbox)/folder.h5")
            #expect(mkfifo("\(inbox)/pipe.h5", 0o600) == 0)
            try place.files.writeNew(model, to: "\(place.root)/elsewhere.h5")
            #expect(symlink("\(place.root)/elsewhere.h5", "\(inbox)/symbolic.h5") == 0)
            try place.drop("good", spec: TemporarySpool.spec(epochs: 1))
        }
        #expect(try place.deliveries() == ["good"])
        #expect(try place.files.names(in: place.spool.inbox).count == 17)
    }

    @Test("an empty model and one that stays cut off are failed after the grace, saying so")
    func incomplete() throws {
        let place = try serve(expecting: 2) { place in
            try place.drop("empty", model: [])
            try place.drop("cut", model: Array(try TemporarySpool.model().dropLast(100)))
        }
        #expect(try place.failure("cut").code == "model-truncated")
        #expect(try place.failure("empty").message.contains("empty.h5"))
    }

    @Test("the same name dropped again while its job runs is a job of its own")
    func again() throws {
        let place = try serve(expecting: 2) { place in
            try place.drop("twice", spec: TemporarySpool.spec(epochs: 40))
            let deadline = Date(timeIntervalSinceNow: 20)
            while try !place.files.names(in: place.spool.inbox).isEmpty, Date() < deadline {
                Thread.sleep(forTimeInterval: 0.02)
            }
            try place.drop("twice", spec: TemporarySpool.spec(epochs: 1))
        }
        #expect(Set(try place.deliveries()) == ["twice", "twice~2"])
    }
}
