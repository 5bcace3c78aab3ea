import Durability
import Foundation
import HDF5
import KerasFormat
import Service

/// A parser of bytes from outside, with samples to start from.
struct FuzzTarget {
    let name: String
    let mutator: Mutator
    /// Reads bytes; whatever they are, it returns or throws.
    let read: ([UInt8]) throws -> Void
    /// Executions a child does before it makes room for the next, so that a leak would show as want of memory.
    var executionsPerChild: UInt64 = 5000

    /// The parsers of everything that is dropped or found again after a crash.
    static func all(fixtures: String) throws -> [FuzzTarget] {
        let models = try samples(in: "\(fixtures)/keras", suffix: ".h5", largest: 400_000)
        let configurations = models.compactMap(configuration(of:))
        let specs = try samples(in: "\(fixtures)/fuzz", suffix: ".yaml", largest: 100_000)
        return [
            FuzzTarget(
                name: "model",
                mutator: Mutator(corpus: models, dictionary: words(hdf5)),
                read: { try readModel($0) },
                executionsPerChild: 1000
            ),
            FuzzTarget(
                name: "configuration",
                mutator: Mutator(corpus: configurations, dictionary: words(json)),
                read: { try readConfiguration($0) }
            ),
            FuzzTarget(
                name: "spec",
                mutator: Mutator(corpus: specs, dictionary: words(yaml)),
                read: { _ = try JobRequest.reading(String(decoding: $0, as: UTF8.self)) }
            ),
            FuzzTarget(
                name: "checkpoint",
                mutator: Mutator(corpus: try checkpoints(), dictionary: []),
                read: { try readCheckpoint($0) }
            ),
        ]
    }

    private static let hdf5 = [
        "\u{89}HDF", "TREE", "SNOD", "HEAP", "GCOL", "OHDR", "OCHK", "FRHP", "BTHD", "model_config",
        "weight_names", "layer_names", "kernel:0",
    ]
    private static let json = [
        "{", "}", "[", "]", "\"", ",", ":", "null", "true", "-1", "0", "1e309",
        "99999999999999999999",
        "\"filters\":", "\"strides\":", "\"units\":", "\"groups\":", "\"kernel_size\":",
        "\"batch_shape\":", "\"inbound_nodes\":", "\"class_name\":", "\"Conv2D\"", "\"Functional\"",
        "\"Lambda\"", "\\u0000", "\\ud800", "[[[[[[[[",
    ]
    private static let yaml = [
        "data:", "budget:", "macs:", "{", "}", "[", "]", "&a", "*a", "<<:", "!!binary", "|", ">",
        "~",
        "\n  ", "0x7fffffffffffffff", ".inf", ".nan", "1e400", "\t", "---", "...", "\u{0}",
    ]

    private static func words(_ words: [String]) -> [[UInt8]] { words.map { Array($0.utf8) } }

    private static func samples(
        in folder: String,
        suffix: String,
        largest: Int
    ) throws -> [[UInt8]] {
        let files = RealFileSystem()
        return try files.names(in: folder).filter { $0.hasSuffix(suffix) }
            .map { try files.read("\(folder)/\($0)", limit: 1 << 26) }
            .filter { $0.count <= largest }
    }

    /// The JSON text inside a model: from `{"class_name` or the like to the brace that closes it.
    private static func configuration(of model: [UInt8]) -> [UInt8]? {
        let start = Array("{\"".utf8)
        guard model.count > start.count else { return nil }
        for index in 0..<model.count - start.count
        where model[index] == start[0] && model[index + 1] == start[1] {
            var depth = 0
            for end in index..<model.count {
                if model[end] == UInt8(ascii: "{") { depth += 1 }
                if model[end] == UInt8(ascii: "}") { depth -= 1 }
                if depth == 0 {
                    if end - index > 200 { return Array(model[index...end]) }
                    break
                }
            }
        }
        return nil
    }

    /// As every command reads a model: screened first, by the program built beside this one.
    private static func readModel(_ bytes: [UInt8]) throws {
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let sample = NSTemporaryDirectory() + "/espalier-fuzz-\(getpid()).h5"
        try Data(bytes).write(to: URL(filePath: sample))
        defer { unlink(sample) }
        _ = try ModelScreening(program: PathParts(program).folder + "/espalier").check(sample)
        _ = try KerasModel.read(image: bytes)
    }

    /// A model without weights, whose configuration is the given text.
    private static func readConfiguration(_ text: [UInt8]) throws {
        _ = try JSONDocument(String(decoding: text, as: UTF8.self))
        let file = try HDF5File.create()
        let valid = String(decoding: text, as: UTF8.self).replacing("\u{0}", with: "")
        try file.root.attributes.set("model_config", string: valid)
        _ = try KerasModel.read(image: try file.image())
    }

    private static func checkpoints() throws -> [[UInt8]] {
        try [0, 1, 4000].map { length in
            let files = InMemoryFileSystem()
            try files.makeFolder("/job")
            var store = CheckpointStore(folder: "/job", identity: "job", files: files)
            try store.save((0..<length).map { UInt8(truncatingIfNeeded: $0) })
            return try files.read("/job/checkpoint.0", limit: 1 << 20)
        }
    }

    private static func readCheckpoint(_ bytes: [UInt8]) throws {
        let files = InMemoryFileSystem()
        try files.makeFolder("/job")
        try files.writeNew(bytes, to: "/job/checkpoint.0")
        var store = CheckpointStore(folder: "/job", identity: "job", files: files)
        _ = try store.load()
    }
}
