import Durability
import Testing

@Suite("Checkpoints")
struct CheckpointStoreTests {
    private let files = InMemoryFileSystem()

    private func store(_ identity: String = "job") -> CheckpointStore {
        CheckpointStore(folder: "/job", identity: identity, files: files)
    }

    /// Saves some payloads and gives the store that saved them.
    private func saved(_ payloads: [[UInt8]]) throws -> CheckpointStore {
        try files.makeDurableFolder("/job")
        var store = store()
        for payload in payloads { try store.save(payload) }
        return store
    }

    private func damage(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = try files.read(path, limit: .max)
        change(&bytes)
        try files.removeFile(path)
        try files.writeNew(bytes, to: path)
    }

    @Test("an empty folder has no checkpoint")
    func empty() throws {
        var store = try saved([])
        #expect(try store.load() == nil)
    }

    @Test("the newest of any number of saves is loaded, also by a new owner, and two files stay")
    func newest() throws {
        for count in 1...5 {
            var store = try saved((1...count).map { [UInt8($0)] })
            try store.save([99])
            var other = self.store()
            let loaded = try #require(try other.load())
            #expect(loaded.payload == [99])
            #expect(!loaded.wasFallback)
            #expect(try files.names(in: "/job").count == 2)
        }
    }

    @Test("a new owner that saves without loading replaces the older generation")
    func saveFirst() throws {
        _ = try saved([[1], [2], [3]])
        var other = store()
        try other.save([4])
        #expect(try other.load()?.generation == 4)
        // Generation 3 is the one before it and must still be there.
        try damage(other.paths[1]) { $0.removeLast() }
        let loaded = try #require(try other.load())
        #expect(loaded.payload == [3])
        #expect(loaded.wasFallback)
    }

    @Test("a flip of any one bit of the newest falls back to the one before and says so")
    func everyBit() throws {
        let original = try saved([[1, 2, 3], [4, 5, 6]])
        let path = original.paths[1]
        let whole = try files.read(path, limit: .max)
        for index in whole.indices {
            for bit in 0..<8 {
                try damage(path) { $0[index] = whole[index] ^ (1 << UInt8(bit)) }
                var store = self.store()
                let loaded = try #require(try store.load())
                #expect(loaded.payload == [1, 2, 3])
                // A flip that makes the generation look older cannot be told from an older file.
                if !(16..<24).contains(index) { #expect(loaded.wasFallback) }
            }
        }
    }

    @Test("every truncation of the newest falls back to the one before")
    func everyLength() throws {
        let original = try saved([[1, 2, 3], [4, 5, 6]])
        let whole = try files.read(original.paths[1], limit: .max)
        for length in 0..<whole.count {
            try damage(original.paths[1]) { $0 = Array(whole.prefix(length)) }
            var store = self.store()
            #expect(try store.load()?.payload == [1, 2, 3])
        }
    }

    @Test("a damaged older generation is no fallback")
    func olderDamaged() throws {
        var store = try saved([[1], [2]])
        try damage(store.paths[0]) { $0[$0.count - 1] ^= 1 }
        let loaded = try #require(try store.load())
        #expect(loaded.payload == [2])
        #expect(!loaded.wasFallback)
    }

    @Test("after a fallback the next save replaces the damaged file, not the good one")
    func afterFallback() throws {
        var store = try saved([[1], [2]])
        try damage(store.paths[1]) { $0[$0.count - 1] ^= 1 }
        _ = try store.load()
        try store.save([3])
        let good = try files.read(store.paths[0], limit: .max)
        #expect(good.last == 1)
        #expect(try store.load()?.payload == [3])
    }

    @Test("two damaged files are an error that names both; saving starts over")
    func bothDamaged() throws {
        var store = try saved([[1], [2]])
        for path in store.paths { try damage(path) { $0 = Array($0.prefix(10)) } }
        #expect(
            throws: CheckpointError.damaged(
                store.paths.map { CheckpointFault(path: $0, damage: .notACheckpoint) }
            )
        ) { try store.load() }
        var other = self.store()
        try other.save([7])
        #expect(try other.load()?.payload == [7])
    }

    @Test("another job's checkpoint is refused")
    func foreign() throws {
        let owner = try saved([[1]])
        var other = store("other")
        #expect(
            throws: CheckpointError.foreign(path: owner.paths[0], expected: "other", found: "job")
        ) { try other.load() }
    }

    @Test("a checkpoint of a newer format is refused as such")
    func version() throws {
        var store = try saved([[5]])
        try damage(store.paths[0]) { bytes in
            bytes[8] = 2
            var hash = SHA256()
            hash.update(Array(bytes[..<32] + bytes[64...]))
            bytes.replaceSubrange(32..<64, with: hash.finish().bytes)
        }
        #expect(
            throws: CheckpointError.unknownVersion(path: store.paths[0], newest: 1, found: 2)
        ) { try store.load() }
    }

    @Test("the file format is the documented one")
    func format() throws {
        let store = try saved([[0xAB]])
        let bytes = try files.read(store.paths[0], limit: .max)
        #expect(Array(bytes[..<8]) == Array("ESPALCKP".utf8))
        #expect(Array(bytes[8..<32]) == [1, 0, 0, 0, 3, 0, 0, 0, 1] + zeros(7) + [1] + zeros(7))
        var hash = SHA256()
        hash.update(Array(bytes[..<32]))
        hash.update(Array("job".utf8) + [0xAB])
        #expect(Array(bytes[32..<64]) == hash.finish().bytes)
        #expect(Array(bytes[64...]) == Array("job".utf8) + [0xAB])
    }

    private func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    @Test("a save that fails leaves both generations and can be tried again")
    func failedSave() throws {
        let failing = FailingFileSystem(.rename, number: 28)
        var store = CheckpointStore(folder: "/", identity: "job", files: failing)
        #expect(throws: CheckpointError.self) { try store.save([1]) }
        #expect(try failing.inner.names(in: "/") == [])
        #expect(try store.load() == nil)
    }

    @Test("a power cut after a save keeps it, with torn bytes elsewhere")
    func powerCut() throws {
        var store = try saved([[1], [2], [3]])
        files.losePower(keeping: .torn)
        #expect(try store.load()?.payload == [3])
    }

    @Test("clearing removes both and starts over")
    func clearing() throws {
        var store = try saved([[1], [2]])
        try store.clear()
        #expect(try files.names(in: "/job") == [])
        try store.save([3])
        #expect(try store.load()?.generation == 1)
    }
}
