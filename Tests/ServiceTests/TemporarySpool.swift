import Durability
import Foundation
import HDF5
import JobFiles
import Service
import Tensors
import Testing

/// A spool in a folder of its own, with a data file, and models to drop; removed when it goes.
final class TemporarySpool {
    let root: String
    let spool: Spool
    let files = RealFileSystem()

    /// The package, found from this file.
    private static let package = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    init() throws {
        let name = "espalier-service-\(UInt64.random(in: .min ... .max))"
        root = FileManager.default.temporaryDirectory.appending(path: name).path
        spool = Spool(root: root)
        try spool.prepare(on: files)
        try files.makeFolder("\(root)/data")
        try files.writeNew(try Self.data(samples: 200), to: "\(root)/data/data.h5")
    }

    deinit {
        do {
            try files.removeTree(root)
        } catch {
            print("left behind: \(root): \(error)")
        }
    }

    /// A small model of real Keras: 12 x 12 x 3 in, four classes out.
    static func model() throws -> [UInt8] { try fixture("keras/sequential-keras3.h5") }

    /// A damaged model on which libhdf5 1.10 reads beyond its memory; found by `espalier-fuzz`.
    static func modelThatHarmsTheLibrary() throws -> [UInt8] { try fixture("fuzz/heap-index.h5") }

    private static func fixture(_ path: String) throws -> [UInt8] {
        try RealFileSystem().read(
            package.appending(path: "Tests/Fixtures/\(path)").path,
            limit: 1 << 24
        )
    }

    /// A spec that takes a fraction of a second.
    static func spec(epochs: Int = 2, adding lines: String = "") -> String {
        """
        data: {file: data.h5}
        budget: {macs: 0.6}
        round_to: 1
        min_channels: 2
        batch: 32
        search: {generations: 10, population: 8}
        distillation: {epochs: \(epochs)}
        \(lines)
        """
    }

    private static func data(samples: Int) throws -> [UInt8] {
        var random = CounterRandom(seed: 7, stage: "service tests")
        let file = try HDF5File.create()
        for (name, count) in [("train", samples), ("test", samples / 4)] {
            let labels = (0..<count).map { Int64($0 % 4) }
            let pixels = labels.flatMap { label in
                (0..<12 * 12 * 3).map { _ in random.nextNormal() + 0.4 * Float(label) }
            }
            try file.root.makeDataset("x_\(name)", shape: [count, 12, 12, 3], floats: pixels)
            try file.root.makeDataset("y_\(name)", shape: [count], integers: labels)
        }
        return try file.image()
    }

    /// Puts a model and its spec into the inbox.
    func drop(_ name: String, model: [UInt8]? = nil, spec: String = TemporarySpool.spec()) throws {
        try files.writeNew(try model ?? Self.model(), to: "\(spool.inbox)/\(name).h5")
        try files.writeNew(Array(spec.utf8), to: "\(spool.inbox)/\(name).yaml")
    }

    /// The delivered folders; the outbox has files about all jobs as well.
    func deliveries() throws -> [String] {
        try files.names(in: spool.outbox).filter {
            try files.status(of: "\(spool.outbox)/\($0)").kind == .folder
        }
    }

    /// A delivered file.
    func delivered(_ path: String) throws -> [UInt8] {
        try files.read("\(spool.outbox)/\(path)", limit: 1 << 24)
    }

    /// The failure a job was delivered as.
    func failure(_ name: String) throws -> JobFailure {
        let bytes = try delivered("\(name).failed/failure.json")
        return try JSONDecoder().decode(JobFailure.self, from: Data(bytes))
    }
}

/// The built program, started as a user would.
struct BuiltProgram {
    /// Beside the test bundle, where the build puts both.
    static let path: String? = {
        let beside = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let package = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let places = [beside, package.appending(path: ".build/release")]
        return places.map { $0.appending(path: "espalier").path }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// Starts the program.
    static func start(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: path ?? "/nonexistent")
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Runs the program to its end.
    ///
    /// - Returns: Its exit status.
    static func run(_ arguments: [String]) throws -> Int32 {
        let process = try start(arguments)
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Drains an inbox with a daemon that does not wait long.
    static func drain(_ spool: Spool, _ arguments: [String] = []) throws -> Int32 {
        try run(
            [
                "serve", "--root", spool.root, "--once", "--settle", "0.1", "--grace", "0.3",
                "--poll", "0.2",
            ] + arguments
        )
    }
}

/// Waits until something holds, at most a minute.
func wait(_ what: String, until holds: () throws -> Bool) throws {
    let deadline = Date(timeIntervalSinceNow: 60)
    while try !holds() {
        guard Date() < deadline else {
            Issue.record("waited in vain until \(what)")
            return
        }
        Thread.sleep(forTimeInterval: 0.02)
    }
}
