import Durability
import JobFiles
import Service
import Testing

@Suite("Inbox scanner")
struct InboxScannerTests {
    private func entry(
        _ name: String,
        at second: Int64 = 0,
        kind: FileKind = .file,
        header: ModelHeader? = nil
    ) -> InboxEntry {
        InboxEntry(
            name: name,
            status: FileStatus(
                kind: kind,
                sizeBytes: 10,
                modifiedNanoseconds: second * 1_000_000_000,
                changedNanoseconds: second * 1_000_000_000,
                inode: 1
            ),
            header: header
        )
    }

    private func decide(_ entries: [InboxEntry], at second: Int64) -> InboxDecision {
        var scanner = InboxScanner(settleSeconds: 2, graceSeconds: 60)
        return scanner.decide(entries, now: second * 1_000_000_000)
    }

    @Test("a pair at rest is ready, one just written is waited for")
    func settling() {
        let pair = InboxPair(stem: "a", model: "a.hdf5", spec: "a.json")
        let entries = [entry("a.hdf5", header: .complete), entry("a.json", at: 9)]
        #expect(decide(entries, at: 10).waiting == [pair])
        #expect(decide(entries, at: 11).ready == [pair])
    }

    @Test("a half is not called alone before it has lain still")
    func halves() {
        #expect(decide([entry("a.h5", at: 9)], at: 10).arriving == ["a.h5"])
        #expect(decide([entry("a.h5", at: 9)], at: 10).lone.isEmpty)
        #expect(decide([entry("a.h5", at: 9)], at: 11).lone == ["a.h5"])
    }

    @Test("a change time in the future is settled by what was observed")
    func futureTimes() {
        var scanner = InboxScanner(settleSeconds: 2, graceSeconds: 60)
        let entries = [entry("a.h5", at: 1000, header: .complete), entry("a.yaml", at: 1000)]
        #expect(scanner.decide(entries, now: 10_000_000_000).ready.isEmpty)
        #expect(scanner.decide(entries, now: 12_000_000_000).ready.count == 1)
    }

    @Test("a model shorter than it says gets the grace, one of another kind does not")
    func truncated() {
        let short = [entry("a.h5", header: .short), entry("a.yaml")]
        #expect(decide(short, at: 59).waiting.count == 1)
        #expect(decide(short, at: 60).ready.count == 1)
        #expect(
            decide([entry("a.h5", header: .unusable), entry("a.yaml")], at: 2).ready.count == 1
        )
    }

    @Test(
        "unfinished, hidden and other files are no drops",
        arguments: [
            ".a.h5", "a.h5.tmp", "a.h5.part", "a.h5.partial", "a.h5.filepart", "a.h5.crdownload",
            "a.h5~", "README.md", "a.txt", ".h5",
        ]
    )
    func ignored(name: String) {
        #expect(DropName(name).role == .ignored)
        #expect(decide([entry(name), entry("a.yaml")], at: 99).lone == ["a.yaml"])
    }

    @Test("a folder called like a model is no model")
    func folders() {
        #expect(decide([entry("a.h5", kind: .folder), entry("a.yaml")], at: 99).ready.isEmpty)
    }

    @Test("deliveries are numbered from the second on")
    func names() {
        #expect(DropName.delivery(of: "a", failed: false, attempt: 1) == "a")
        #expect(DropName.delivery(of: "a", failed: true, attempt: 2) == "a.failed~2")
        let long = String(repeating: "x", count: 252)
        #expect(DropName.delivery(of: long, failed: true, attempt: 12).utf8.count < 256)
    }

    @Test("a file that does not begin as HDF5 is unusable, an empty one may still grow")
    func headers() {
        #expect(ModelHeader(header: Array("not HDF5 at all".utf8), length: 15) == .unusable)
        #expect(ModelHeader(header: [], length: 0) == .short)
    }
}
