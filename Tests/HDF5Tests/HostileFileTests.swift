import HDF5
import Testing

@Suite("HDF5 files that are not what they seem")
struct HostileFileTests {
    private func sample() throws -> [UInt8] {
        let file = try HDF5File.create()
        try file.root.makeDataset("x", shape: [1000], floats: [Float](repeating: 1, count: 1000))
        try file.root.attributes.set("names", strings: ["a", "b"])
        try file.root.makeDataset(
            "y",
            shape: [50, 4],
            bytes: [UInt8](repeating: 7, count: 200),
            deflate: 1
        )
        return try file.image()
    }

    @Test("other bytes are not HDF5")
    func notHDF5() {
        #expect(throws: HDF5Error.notHDF5) {
            try HDF5File(image: Array("PK\u{3}\u{4} a zip".utf8))
        }
        #expect(throws: HDF5Error.notHDF5) {
            try HDF5File(image: [UInt8](repeating: 0, count: 10_000))
        }
    }

    @Test("every prefix of a file is found to be cut")
    func truncation() throws {
        let image = try sample()
        for length in stride(from: 0, to: image.count, by: 13) {
            #expect {
                try HDF5File.checkHeader(
                    Array(image.prefix(min(length, HDF5File.headerLength))),
                    length: UInt64(length)
                )
            } throws: { error in
                guard case .truncated(_, let found) = error as? HDF5Error else { return false }
                return found == UInt64(length)
            }
        }
        try HDF5File.checkHeader(
            Array(image.prefix(HDF5File.headerLength)),
            length: UInt64(image.count)
        )
    }

    @Test("a limit holds before memory is taken")
    func limits() throws {
        let file = try HDF5File(image: try sample())
        #expect(throws: HDF5Error.tooLarge(path: "/x", limit: 10, found: "1000 elements")) {
            try file.root.dataset("x").readFloats(limit: 10)
        }
        #expect(throws: HDF5Error.self) { try file.root.dataset("x").readFloats(rows: 0..<1001) }
        #expect(throws: HDF5Error.self) { try file.root.dataset("x").readBytes() }
    }

    @Test("what is missing or of another kind is said to be so")
    func missing() throws {
        let file = try HDF5File(image: try sample())
        #expect(throws: HDF5Error.missing(path: "/g/x")) { try file.root.dataset("g/x") }
        #expect(throws: HDF5Error.missing(path: "/x/y")) { try file.root.dataset("x/y") }
        #expect(throws: HDF5Error.missing(path: "/@c")) { try file.root.attributes.string("c") }
        #expect(throws: HDF5Error.self) { try file.root.group("x") }
        #expect(throws: HDF5Error.self) { try file.root.attributes.integers("names") }
        #expect(throws: HDF5Error.self) { try file.root.attributes.string("names") }
        #expect(try file.root.kind(of: "x") == .dataset)
        #expect(try file.root.kind(of: "z") == nil)
    }

    @Test("a file that is not there or is a folder is an error with its path")
    func unreadablePath() {
        #expect(throws: HDF5Error.unreadable(file: "/nowhere/x.h5", errorNumber: 2)) {
            try HDF5File(readingPath: "/nowhere/x.h5")
        }
        #expect(throws: HDF5Error.self) { try HDF5File(readingPath: "/") }
    }

    @Test("flipped bytes give numbers or an error, never a trap")
    func flippedBytes() throws {
        let image = try sample()
        var state: UInt64 = 7
        for _ in 0..<2000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            var damaged = image
            damaged[Int(state >> 33) % image.count] ^= UInt8(truncatingIfNeeded: state >> 20) | 1
            do throws(HDF5Error) {
                let root = try HDF5File(image: damaged).root
                _ = try root.attributes.strings("names")
                _ = try root.dataset("x").readFloats(limit: 1 << 20)
                _ = try root.dataset("y").readBytes(limit: 1 << 20)
            } catch {
                #expect("\(error)" != "")
            }
        }
    }

    @Test("no id stays open after files, groups, datasets and failed reads are gone")
    func idsAreClosed() async throws {
        await #expect(processExitsWith: .success) {
            func exercise() throws {
                let file = try HDF5File.create()
                let group = try file.root.makeGroup("g")
                try group.makeDataset("x", shape: [2], floats: [1, 2])
                try group.makeDataset("y", shape: [2], bytes: [1, 2], deflate: 1)
                try group.makeDataset("z", shape: [1], floats: [3], like: group.dataset("x"))
                try group.attributes.set("s", strings: ["a", "b"])
                let copy = try HDF5File(image: try file.image())
                try file.root.makeGroup("h").copy("x", from: copy.root.group("g"))
                try file.root.attributes.copyAll(from: copy.root.group("g").attributes)
                _ = try copy.root.dataset("g/y").readFloats(rows: 0..<1)
                _ = try? copy.root.dataset("g/none")
                _ = try? copy.root.group("g/x")
                _ = try? copy.root.dataset("g/y").readFloats(limit: 1)
                _ = try copy.root.group("g").attributes.strings("s")
            }
            try exercise()
            let before = HDF5File.openObjectCount
            for _ in 0..<10 { try exercise() }
            precondition(HDF5File.openObjectCount == before)
        }
    }
}
