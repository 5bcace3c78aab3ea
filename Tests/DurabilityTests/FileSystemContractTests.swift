import Durability
import Glibc
import Testing

@Suite("The contract that every file system keeps")
struct FileSystemContractTests {
    @Test("what was written is read back, of any length")
    func roundTrip() throws {
        try onEveryFileSystem { files, folder in
            for length in [0, 1, 4096, 300_001] {
                let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                try files.writeNew(bytes, to: "\(folder)/\(length)")
                #expect(try files.read("\(folder)/\(length)", limit: length) == bytes)
                #expect(try files.status(of: "\(folder)/\(length)").sizeBytes == length)
            }
        }
    }

    @Test("a file over the limit is refused with EFBIG")
    func limit() throws {
        try onEveryFileSystem { files, folder in
            try files.writeNew([1, 2, 3], to: "\(folder)/a")
            #expect(number { _ = try files.read("\(folder)/a", limit: 2) } == EFBIG)
        }
    }

    @Test("a folder is not read as a file, nor a file listed as a folder")
    func kinds() throws {
        try onEveryFileSystem { files, folder in
            try files.writeNew([], to: "\(folder)/a")
            #expect(number { _ = try files.read(folder, limit: 10) } == EISDIR)
            #expect(number { _ = try files.names(in: "\(folder)/a") } == ENOTDIR)
            #expect(try files.status(of: folder).kind == .folder)
            #expect(try files.status(of: "\(folder)/a").kind == .file)
        }
    }

    @Test("a taken name is refused with EEXIST and keeps its bytes")
    func exclusive() throws {
        try onEveryFileSystem { files, folder in
            try files.writeNew([1], to: "\(folder)/a")
            #expect(number { try files.writeNew([2], to: "\(folder)/a") } == EEXIST)
            #expect(try files.read("\(folder)/a", limit: 9) == [1])
        }
    }

    @Test("what is absent is said to be absent by every operation")
    func absence() throws {
        try onEveryFileSystem { files, folder in
            let missing = "\(folder)/missing"
            let operations: [() throws -> Void] = [
                { _ = try files.read(missing, limit: 9) }, { _ = try files.names(in: missing) },
                { _ = try files.status(of: missing) },
                { try files.rename(missing, to: folder + "/b") },
                { try files.removeFile(missing) }, { try files.removeFolder(missing) },
                { try files.synchronizeFile(missing) }, { try files.synchronizeFolder(missing) },
                { try files.writeNew([], to: missing + "/deeper") },
                { try files.touch(missing + "/deeper") },
                { try files.makeFolder(missing + "/deeper") },
            ]
            for operation in operations { #expect(number(operation) == ENOENT) }
            let absent = try files.statusIfPresent(of: missing)
            #expect(absent == nil)
        }
    }

    @Test("names are sorted by their bytes and hide nothing")
    func listing() throws {
        try onEveryFileSystem { files, folder in
            for name in ["b", "a", ".c", "B", "a b"] {
                try files.writeNew([], to: "\(folder)/\(name)")
            }
            #expect(try files.names(in: folder) == [".c", "B", "a", "a b", "b"])
        }
    }

    @Test("durable folders are made with their parents, twice without complaint, never over a file")
    func folders() throws {
        try onEveryFileSystem { files, folder in
            try files.makeDurableFolder("\(folder)/x/y/z")
            try files.makeDurableFolder("\(folder)/x/y/z")
            #expect(try files.names(in: "\(folder)/x/y") == ["z"])
            try files.writeNew([], to: "\(folder)/f")
            #expect(number { try files.makeFolder("\(folder)/f") } == EEXIST)
        }
    }

    @Test("rename replaces a file or an empty folder, never a full one, and keeps the inode")
    func renaming() throws {
        try onEveryFileSystem { files, folder in
            try files.writeNew([1], to: "\(folder)/a")
            try files.writeNew([2], to: "\(folder)/b")
            let inode = try files.status(of: "\(folder)/a").inode
            try files.rename("\(folder)/a", to: "\(folder)/b")
            #expect(try files.read("\(folder)/b", limit: 9) == [1])
            #expect(try files.status(of: "\(folder)/b").inode == inode)
            try files.makeFolder("\(folder)/full")
            try files.rename("\(folder)/b", to: "\(folder)/full/b")
            try files.makeFolder("\(folder)/empty")
            try files.makeFolder("\(folder)/moved")
            #expect(
                number { try files.rename("\(folder)/moved", to: "\(folder)/full") } == ENOTEMPTY
            )
            #expect(
                number { try files.rename("\(folder)/full", to: "\(folder)/full/in") } == EINVAL
            )
            try files.rename("\(folder)/full", to: "\(folder)/empty")
            #expect(try files.names(in: folder) == ["empty", "moved"])
            #expect(try files.names(in: "\(folder)/empty") == ["b"])
        }
    }

    @Test("only empty folders are removed as folders, and a tree is removed with everything in it")
    func removing() throws {
        try onEveryFileSystem { files, folder in
            try files.makeDurableFolder("\(folder)/x/y")
            try files.writeNew([1], to: "\(folder)/x/y/f")
            #expect(number { try files.removeFolder("\(folder)/x") } == ENOTEMPTY)
            #expect(number { try files.removeFile("\(folder)/x") } == EISDIR)
            #expect(number { try files.removeFolder("\(folder)/x/y/f") } == ENOTDIR)
            try files.removeTree("\(folder)/x")
            #expect(try files.names(in: folder) == [])
        }
    }

    @Test("touch makes an empty file, moves its time on and keeps its bytes")
    func touching() throws {
        try onEveryFileSystem { files, folder in
            try files.touch("\(folder)/lease")
            let before = try files.status(of: "\(folder)/lease")
            #expect(before.sizeBytes == 0)
            var after = before
            // The kernel's file clock ticks every few milliseconds.
            for _ in 0..<10_000 where after.modifiedNanoseconds <= before.modifiedNanoseconds {
                try files.touch("\(folder)/lease")
                after = try files.status(of: "\(folder)/lease")
                usleep(1000)
            }
            #expect(after.modifiedNanoseconds > before.modifiedNanoseconds)
            #expect(after.inode == before.inode)
        }
    }

    @Test("durable folders and synchronising work on what is there")
    func synchronizing() throws {
        try onEveryFileSystem { files, folder in
            try files.makeDurableFolder("\(folder)/p/q")
            try files.writeNew([1], to: "\(folder)/p/q/f")
            try files.synchronizeFile("\(folder)/p/q/f")
            try files.synchronizeFolder("\(folder)/p/q")
            #expect(number { try files.synchronizeFolder("\(folder)/p/q/f") } == ENOTDIR)
        }
    }

    @Test("a pipe is refused instead of waited for")
    func pipe() throws {
        try withTemporaryFolder { folder in
            #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
            #expect(number { _ = try RealFileSystem().read("\(folder)/pipe", limit: 9) } == EINVAL)
            let pipe = try RealFileSystem().status(of: "\(folder)/pipe")
            #expect(pipe.kind == .other)
        }
    }

    @Test("a link is reported as a link and removed without what it points at")
    func links() throws {
        try withTemporaryFolder { folder in
            let files = RealFileSystem()
            try files.makeFolder("\(folder)/target")
            try files.writeNew([7], to: "\(folder)/target/kept")
            try files.makeFolder("\(folder)/tree")
            #expect(symlink("\(folder)/target", "\(folder)/tree/link") == 0)
            #expect(try files.status(of: "\(folder)/tree/link").kind == .link)
            try files.removeTree("\(folder)/tree")
            #expect(try files.names(in: "\(folder)/target") == ["kept"])
        }
    }

    @Test(
        "a path is taken apart at its last slash",
        arguments: [
            ("a", ".", "a"), ("/a", "/", "a"), ("a/b", "a", "b"), ("/x//y/", "/x", "y"),
            ("x/y//", "x", "y"), ("/", "/", ""),
        ]
    )
    func parts(path: String, folder: String, name: String) {
        #expect(PathParts(path).folder == folder)
        #expect(PathParts(path).name == name)
    }

    @Test("an error says operation, path, reason and number, and knows a full disk")
    func errors() {
        let full = FileSystemError(.write, path: "/spool/a", number: ENOSPC)
        #expect(
            full.description == "cannot write /spool/a: No space left on device (errno 28)"
        )
        #expect(full.isFull && !full.isAbsent)
        #expect(FileSystemError(.write, path: "", number: EDQUOT).isFull)
        #expect(FileSystemError(.open, path: "", number: ENOENT).isAbsent)
        #expect(!FileSystemError(.open, path: "", number: EIO).isFull)
    }
}
