import Foundation
import JobFiles
import Testing

@Suite struct ComparisonTests {
    /// Two methods at two budgets; the second method is the better one, and over its last budget.
    private static func comparison(hasLabels: Bool = true) -> ComparisonMetrics {
        var students: [(name: String, metrics: JobMetrics)] = []
        for (method, gain) in [("l1", 0.0), ("genetic", 0.03)] {
            for share in [0.7, 0.5] {
                var metrics = SampleMetrics.job(blocks: 1)
                metrics.run.method = method
                metrics.budget.asked = share
                metrics.budget.limit = share * metrics.budget.teacher
                metrics.budget.achieved = metrics.budget.limit - 1
                metrics.model.after.macs = Int(share * Double(metrics.model.before.macs))
                let accuracy = hasLabels ? 0.7 + 0.1 * share + gain : nil
                metrics.model.after.test?.accuracy = accuracy
                if !hasLabels { metrics.model.before.test?.accuracy = nil }
                metrics.model.after.test?.loss = 1 - 0.1 * share - gain
                students.append(("\(method)-macs-\(share)", metrics))
            }
        }
        students[3].metrics.budget.achieved = students[3].metrics.budget.limit + 1
        let shared = [StageTimeMetrics(stage: "baseline", wallSeconds: 5, cpuSeconds: 9, steps: 1)]
        return ComparisonMetrics(students, shared: shared)
    }

    @Test(
        "the best is the most accurate within its budget; without labels the one with the least loss"
    )
    func best() {
        #expect(Self.comparison().best?.name == "genetic-macs-0.7")
        #expect(Self.comparison(hasLabels: false).best?.name == "genetic-macs-0.7")
        var none = Self.comparison()
        for index in none.students.indices { none.students[index].budget.achieved = 1e15 }
        #expect(none.best == nil)
        #expect(JobSummary(none) == nil)
        #expect(JobSummary(Self.comparison())?.students == 4)
    }

    @Test("a comparison is as its schema says, with labels and without, and reads back")
    func schema() throws {
        for hasLabels in [true, false] {
            let metrics = Self.comparison(hasLabels: hasLabels)
            let bytes = JSONText.bytes(of: metrics)
            let path = "\(packageFolder)/Docs/schema/comparison.schema.json"
            #expect(try SchemaChecker.faults(of: bytes, schemaAt: path) == [])
            #expect(try JSONText.value(ComparisonMetrics.self, from: bytes) == metrics)
        }
    }

    @Test("the page names every student, the best of each budget, and who is over it")
    func page() throws {
        let page = ComparisonReport(Self.comparison(), spec: "method: [l1, genetic]\n").html
        for student in Self.comparison().students { #expect(page.contains(student.name)) }
        #expect(page.contains("genetic-macs-0.7 answers best"))
        #expect(page.contains("Over the budget: genetic-macs-0.5"))
        let body = String(page[(page.range(of: "<body>")?.lowerBound ?? page.startIndex)...])
            .replacing(#/<script>[\s\S]*?<\/script>/#, with: "<script></script>")
        try expectSnapshot(body, named: "comparison.html")
    }

    @Test("the table has one row per student, for people and for programs")
    func table() {
        let metrics = Self.comparison()
        let table = ComparisonTable(metrics)
        #expect(table.lines.count == metrics.students.count + 5)
        let rows = table.csv.split(separator: "\r\n")
        #expect(rows.count == metrics.students.count + 1)
        #expect(rows.allSatisfy { $0.split(separator: ",").count == 15 })
    }

    @Test("a spec with several methods and budgets says so, and reads back as the same spec")
    func lists() throws {
        let text = "data: {file: x}\nbudget: {macs: [0.7, 0.5, 1000]}\nmethod: [l1, genetic]\n"
        let spec = try JobSpec.parse(text)
        #expect(spec.methods == ["l1", "genetic"])
        #expect(spec.budget.values == [0.7, 0.5, 1000])
        #expect(try JobSpec.parse(spec.resolvedYAML) == spec)
        let all = try JobSpec.parse("data: {file: x}\nbudget: {macs: 0.5}\nmethod: all\n")
        #expect(all.methods == JobSpec.everyMethod)
        for wrong in ["[]", "[l1, l1]", "{l1: 2}", "genetics"] {
            let error = #expect(throws: SpecError.self, "\(wrong)") {
                try JobSpec.parse("data: {file: x}\nbudget: {macs: 0.5}\nmethod: \(wrong)\n")
            }
            #expect(error?.faults.map(\.pointer) == ["/method"])
        }
    }

    @Test("what a student took is what was added since it began")
    func studentTimes() {
        var progress = JobProgress(name: "x", startingAt: "2026-01-02T03:04:05Z")
        progress.begin("a", number: 1, of: 2)
        progress.add(wallSeconds: 2, cpuSeconds: 3, steps: 4, to: "search")
        #expect(progress.ownStageTimes.map(\.wallSeconds) == [2])
        progress.begin("b", number: 2, of: 2)
        progress.add(wallSeconds: 1, cpuSeconds: 1, steps: 1, to: "search")
        progress.begin("b", number: 2, of: 2)
        #expect(progress.ownStageTimes.map(\.wallSeconds) == [1])
        #expect(TerminalProgress.line(progress, width: 200).hasPrefix("2 of 2, b: "))
    }
}
