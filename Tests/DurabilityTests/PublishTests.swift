import Durability
import Glibc
import Testing

@Suite("Publishing")
struct PublishTests {
    @Test("publishing replaces the old bytes and leaves no temporary")
    func replaces() throws {
        try onEveryFileSystem { files, folder in
            try publish([1, 2], to: "\(folder)/status.json", on: files)
            try publish([3], to: "\(folder)/status.json", on: files)
            #expect(try files.read("\(folder)/status.json", limit: 9) == [3])
            #expect(try files.names(in: folder) == ["status.json"])
        }
    }

    @Test("what was published survives a power cut, whatever happens to other bytes")
    func survives() throws {
        for left in [InMemoryFileSystem.UnsynchronizedBytes.lost, .torn, .kept] {
            let files = InMemoryFileSystem()
            try files.makeDurableFolder("/job")
            try publish([1, 2, 3, 4], to: "/job/a", on: files)
            try files.writeNew([5, 6, 7, 8], to: "/job/b")
            files.losePower(keeping: left)
            #expect(try files.read("/job/a", limit: 9) == [1, 2, 3, 4])
            #expect(try files.names(in: "/job") == ["a"])
        }
    }

    @Test("without synchronising, a power cut loses bytes and names as modelled")
    func model() throws {
        let files = InMemoryFileSystem()
        try files.makeDurableFolder("/job")
        try files.writeNew([1, 2, 3, 4], to: "/job/a")
        try files.synchronizeFolder("/job")
        files.losePower(keeping: .torn)
        #expect(try files.read("/job/a", limit: 9) == [1, 2])
        try files.rename("/job/a", to: "/job/b")
        files.losePower()
        #expect(try files.names(in: "/job") == ["a"])
        try files.makeFolder("/other")
        files.losePower()
        #expect(number { _ = try files.status(of: "/other") } == ENOENT)
    }

    @Test("a failure removes the temporary, keeps the old file and is thrown as it came")
    func failure() throws {
        for (operation, errorNumber) in [
            (FileOperation.write, ENOSPC), (.synchronizeFile, EIO), (.rename, EDQUOT),
            (.status, EIO),
        ] {
            let files = FailingFileSystem(operation, number: errorNumber)
            try files.inner.writeNew([9], to: "/a")
            #expect(throws: FileSystemError.self) { try publish([1], to: "/a", on: files) }
            #expect(number { try publish([1], to: "/a", on: files) } == errorNumber)
            #expect(try files.inner.names(in: "/") == ["a"])
            #expect(try files.inner.read("/a", limit: 9) == [9])
        }
    }

    @Test("a file that comes out shorter than it was written is never published")
    func shortFile() throws {
        let files = FailingFileSystem(.checkLength, number: EIO)
        #expect(number { try publish([1, 2], to: "/a", on: files) } == EIO)
        #expect(try files.inner.names(in: "/") == [])
    }

    @Test("temporary names begin with a dot, hold the final name, differ, and fit in a name")
    func temporaryNames() {
        for name in ["a", "model.h5", String(repeating: "n", count: 255)] {
            let first = TemporaryName.make(for: name)
            #expect(first.hasPrefix(".\(name.prefix(200))."))
            #expect(first.utf8.count <= 255)
            #expect(first != TemporaryName.make(for: name))
            #expect(TemporaryName.matches(first))
        }
        for name in ["a.tmp", ".a.tmp", "checkpoint.0", ".0123456789abcdef.tmp"] {
            #expect(!TemporaryName.matches(name))
        }
    }

    @Test("the temporaries of a crash are collected and nothing else")
    func stale() throws {
        let files = InMemoryFileSystem()
        try files.writeNew([1], to: "/\(TemporaryName.make(for: "a"))")
        try files.writeNew([1], to: "/.hidden.tmp")
        try files.writeNew([1], to: "/a")
        try removeStaleTemporaries(in: "/", on: files)
        #expect(try files.names(in: "/") == [".hidden.tmp", "a"])
    }
}
