import Durability
import JobFiles
import Service
import Testing

@Suite("Operation")
struct OperationTests {
    @Test("a higher priority comes first, of equals the older, of those the first by name")
    func order() {
        func rank(_ priority: Int, _ time: Int64, _ name: String) -> JobRank {
            JobRank(priority: priority, arrivedNanoseconds: time, name: name)
        }
        let ordered = [
            rank(5, 9, "z"), rank(0, 1, "b"), rank(0, 2, "a"), rank(0, 2, "c"), rank(-1, 0, "a"),
        ]
        for left in ordered.indices {
            for right in ordered.indices {
                #expect((ordered[left] < ordered[right]) == (left < right))
            }
        }
    }

    @Test("only what was delivered longer ago than its age may go")
    func retention() {
        let second: Int64 = 1_000_000_000
        let candidates = [
            Retention.Candidate(path: "old", deliveredNanoseconds: 0),
            Retention.Candidate(path: "young", deliveredNanoseconds: 90 * second),
            Retention.Candidate(path: "undelivered", deliveredNanoseconds: nil),
            Retention.Candidate(path: "future", deliveredNanoseconds: 900 * second),
        ]
        let now = 100 * second
        #expect(Retention.expired(candidates, age: 50, now: now) == ["old"])
        #expect(Retention.expired(candidates, age: 5, now: now) == ["old", "young"])
        #expect(Retention.expired(candidates, age: 100, now: now) == [])
        #expect(Retention.expired(candidates, age: nil, now: now) == [])
    }

    @Test("wishes are files of the inbox, whatever the name holds")
    func wishes() {
        #expect(DropName("a.cancel").role == .wish(.cancel))
        #expect(DropName("a.b.retry") == DropName("a.b.retry"))
        #expect(DropName("a.b.retry").stem == "a.b")
        #expect(DropName(".pause").role == .ignored && DropName("x.resume.tmp").role == .ignored)
    }

    @Test("a dated delivery bears the day, in Greenwich, also over a leap day and a year's end")
    func layout() {
        #expect(OutboxLayout.plain.prefix(at: 0) == "")
        #expect(OutboxLayout.dated.prefix(at: 0) == "1970-01-01_")
        #expect(OutboxLayout.dated.prefix(at: 951_782_399) == "2000-02-28_")
        #expect(OutboxLayout.dated.prefix(at: 951_782_400) == "2000-02-29_")
        #expect(OutboxLayout.dated.prefix(at: 1_798_761_599.5) == "2026-12-31_")
        #expect(OutboxLayout.dated.prefix(at: 1_798_761_600) == "2027-01-01_")
    }

    @Test("durations and sizes are read with their units, and nothing else is")
    func quantities() {
        #expect(Quantity.seconds("90") == 90 && Quantity.seconds("1.5h") == 5400)
        #expect(Quantity.seconds("30d") == 2_592_000 && Quantity.seconds("m") == nil)
        #expect(Quantity.seconds("inf") == nil && Quantity.seconds("1 h x") == nil)
        #expect(Quantity.bytes("8G") == 8_589_934_592 && Quantity.bytes("-1K") == nil)
        #expect(Quantity.bytes("1e300T") == nil)
    }

    @Test("metrics have help and a kind before their samples, and no value for what never was")
    func metrics() {
        var metrics = DaemonMetrics(startTime: 1000)
        metrics.done = 3
        metrics.lastDone = 1234.5
        var snapshot = DaemonMetrics.Snapshot()
        snapshot.time = 1300
        snapshot.running = ["search": 2]
        snapshot.waiting = 4
        let lines = metrics.text(snapshot, version: "1.2.3").split(separator: "\n").map(String.init)
        #expect(lines.contains(#"espalier_jobs_delivered_total{result="done"} 3"#))
        #expect(lines.contains(#"espalier_jobs{state="running"} 2"#))
        #expect(lines.contains(#"espalier_running_jobs{stage="search"} 2"#))
        #expect(lines.contains(#"espalier_build_info{version="1.2.3"} 1"#))
        #expect(lines.contains("espalier_last_done_timestamp_seconds 1234.5"))
        #expect(!lines.contains { $0.contains("last_failed") || $0.contains("checkpoint") })
        var described: Set<String> = []
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            if words[0] == "#" {
                #expect(words[1] == "HELP" || described.contains(words[2]))
                described.insert(words[2])
                if words[1] == "TYPE", words[3] == "counter" {
                    #expect(words[2].hasSuffix("_total"))
                }
            } else {
                #expect(described.contains(String(line.prefix { $0 != "{" && $0 != " " })))
            }
        }
    }

    @Test("a journal entry has its fields, and one with line ends says its length")
    func journal() {
        let entry = JournalEntry("a\nb", priority: 4, fields: [("job", "x=y")])
        let expected =
            Array("MESSAGE\n".utf8) + [3, 0, 0, 0, 0, 0, 0, 0] + Array("a\nb\n".utf8)
            + Array("PRIORITY=4\nSYSLOG_IDENTIFIER=espalier\nJOB=x=y\n".utf8)
        #expect(entry.bytes == expected)
    }

    @Test("a log message is one line, with the journal's priority only where it listens")
    func logLines() {
        #expect(JournalLogHandler.line("a\nb", priority: 3) == "<3>a b\n")
        #expect(JournalLogHandler.line("a", priority: nil) == "a\n")
    }
}
