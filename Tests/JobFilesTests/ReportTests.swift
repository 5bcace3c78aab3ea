import Foundation
import JobFiles
import Testing

@Suite struct ReportTests {
    private static let spec = "budget:\n  macs: 0.5\nseed: 7\ndata:\n  file: \"data.h5\"\n"

    private func report(_ metrics: JobMetrics = SampleMetrics.job()) -> String {
        Report(metrics, spec: Self.spec).html
    }

    /// The page without what repeats in every snapshot.
    private func body(_ page: String) -> String {
        String(page[(page.range(of: "<body>")?.lowerBound ?? page.startIndex)...])
            .replacing(#/<script>[\s\S]*?</script>/#, with: "<script></script>")
    }

    @Test("the report of a job that was interrupted looks as it did, its resumption marked")
    func interrupted() throws {
        let page = report()
        #expect(page.contains("class=\"moment\""))
        #expect(page.contains("resumed from its checkpoint once"))
        try expectSnapshot(body(page), named: "report.html")
    }

    @Test("the report of a failed job looks as it did and says how far it got")
    func failed() throws {
        let page = FailureReport(
            name: "tiny",
            failure: SampleJobs.failure,
            progress: SampleJobs.progress,
            log: "2026-01-02T03:04:05Z started\n"
        ).html
        #expect(page.contains("distillation, step 30 of 120"))
        try expectSnapshot(body(page), named: "failure.html")
    }

    @Test("several faults of a spec are counted and listed, and not told twice")
    func faults() {
        let failure = JobFailure(
            code: "spec-invalid",
            message: "/a is no key. /b is no number.",
            hint: "Mend them.",
            context: ["/a": "/a is no key", "/b": "/b is no number"]
        )
        let page = FailureReport(name: "x", failure: failure, progress: nil, log: "").html
        #expect(page.contains("There are 2 faults in the spec."))
        #expect(page.matches(of: #/is no key/#).count == 1)
        #expect(page.contains("<li>/b is no number</li>"))
    }

    @Test("the list of jobs looks as it did: at work, waiting, done, failed")
    func index() throws {
        let page = IndexPage(SampleJobs.list).html
        #expect(page.contains("<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>"))
        #expect(page.contains("data-seconds=\"5\"") && page.contains("1 at work, 1 waiting"))
        #expect(page.contains("href=\"./resnet%2050%25/report.html\""))
        #expect(page.contains("about 3 min 20 s left"))
        try expectSnapshot(body(page), named: "index.html")
    }

    @Test("a delivery whose metrics have other keys than today's is summed up all the same")
    func summary() throws {
        let text = JSONText.text(of: SampleMetrics.job())
            .replacing("\"peak_activation_bytes\"", with: "\"a_key_of_later\"")
            .replacing("\"groups\"", with: "\"other_groups\"")
        let source = try JSONText.value(JobSummary.Source.self, from: Array(text.utf8))
        let summary = JobSummary(source)
        #expect(summary.macs == BeforeAfter(before: 12_501_632, after: 6_201_344))
        #expect(summary.accuracy == BeforeAfter(before: 0.8719, after: 0.8654))
    }

    @Test("a list without work loads itself less often and says so")
    func idle() {
        let page = IndexPage(JobList(updatedAt: "now", jobs: [])).html
        #expect(page.contains("content=\"30\"") && page.contains("No job is at work."))
    }

    @Test(
        "names that are markup stay text wherever they stand",
        arguments: [
            "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onload='alert(1)",
            "\"\u{301} onmouseover=\"alert(1)", "{{name}} {{{style}}}",
            "</title><script>1</script>",
            "\u{202E}gnp.exe", "a\u{0}b",
        ]
    )
    func hostile(name: String) {
        var list = SampleJobs.list
        list.jobs = list.jobs.map { entry in
            var entry = entry
            entry.name = name
            entry.failure?.message = name
            entry.progress?.message = name
            entry.report = "\(name)/report.html"
            return entry
        }
        let failure = JobFailure(code: name, message: name, hint: name, context: [name: name])
        let pages = [
            report(SampleMetrics.job(named: name)), IndexPage(list).html,
            FailureReport(name: name, failure: failure, progress: nil, log: name).html,
        ]
        for page in pages {
            #expect(!page.contains("<script>alert") && !page.contains("<img"))
            #expect(!page.contains("\u{202E}") && !page.contains("\u{0}"))
            // A quote of the name's own would end an attribute.
            #expect(!page.contains("\"\u{301}") && page.contains(#/<html lang="en">/#))
            let scripts = page.matches(of: #/<script/#).count
            #expect(scripts <= 1, "the page's own alone")
        }
    }

    @Test("the verdict says whether the budget is kept and what it cost")
    func verdict() {
        var metrics = SampleMetrics.job()
        #expect(ReportVerdict(metrics).className == "good")
        #expect(
            ReportVerdict(metrics).sentence
                == "49.6 % of the macs remain, at 86.54 % test accuracy: 0.65 points below the original"
        )
        metrics.model.after.test = SampleMetrics.quality(0.84, samples: 10_000)
        #expect(ReportVerdict(metrics).className == "fair")
        metrics.budget.achieved = metrics.budget.limit + 1
        #expect(ReportVerdict(metrics).className == "poor")
        #expect(ReportVerdict(metrics).checks.contains { !$0.isGood && $0.text.contains("over") })
    }

    @Test(
        "what a budget asked for and what it came to is said in its own unit",
        arguments: [
            ("macs", 0.5, "50.0 % of the teacher&#39;s", "6,250,816"),
            ("parameters", 40_000, "40,000", "6,250,816"),
            ("bytes", 0.25, "25.0 % of the teacher&#39;s", "6.25 MB"),
            ("latency", 1500, "1.5 ms", "6.25 ms"),
            ("accuracy_drop", 0.01, "1.00 points of held-out accuracy", "6,250,816"),
        ]
    )
    func budget(unit: String, asked: Double, expected: String, limit: String) {
        var metrics = SampleMetrics.job()
        metrics.budget.unit = unit
        metrics.budget.asked = asked
        let page = report(metrics)
        #expect(page.contains("<td>\(expected)</td>"), "\(unit)")
        #expect(page.contains("<td>\(limit)</td>"), "\(unit)")
    }

    @Test("a search says how far it can be from the best, and whose choice was cut")
    func search() {
        let page = report()
        #expect(page.contains("<td>0.021</td><td>0.021</td><td>nothing, proved</td>"))
        #expect(page.contains("<td>0.021</td><td>0.017</td><td>19.0 %</td>"))
        #expect(page.contains("In 1 of 3 groups the Surgeon&#39;s choice was cut"))
        #expect(page.contains("its inputs are too wide to fit"))
    }

    @Test("many groups are shown by those that lost most, the others on demand")
    func manyGroups() {
        let page = report(SampleMetrics.job(blocks: 40))
        #expect(page.contains("The other 28 groups; those above lost most channels"))
        #expect(!report().contains("class=\"further\""))
        let charts = page.matches(of: #/id="chart-sensitivity-\d+-title"/#)
        #expect(charts.count == 40, "each is there")
    }

    @Test("a model without labels and a job without distillation have a report without those parts")
    func sparse() {
        var metrics = SampleMetrics.job()
        let bare = QualityMetrics(accuracy: nil, loss: 0.5)
        metrics.model.before.test = nil
        metrics.model.after.test = nil
        metrics.model.before.heldOut = bare
        metrics.model.after.heldOut = bare
        metrics.epochs = []
        metrics.classes = nil
        metrics.latency = []
        let page = report(metrics)
        #expect(!page.contains("id=\"distillation\"") && !page.contains("id=\"classes\""))
        #expect(page.contains("held-out loss is 0.5000"))
        #expect(page.contains("no labelled test samples"))
    }

    @Test("the report of a network of 300 layers is below 3 MB")
    func large() {
        let page = report(SampleMetrics.job(blocks: 100))
        #expect(SampleMetrics.job(blocks: 100).layers.count > 300)
        #expect(page.utf8.count < 3_000_000, "\(page.utf8.count) bytes")
    }

    @Test(
        "the page asks nothing of a network and every name in it that is referred to is there once"
    )
    func selfContained() throws {
        let page = report()
        #expect(!page.contains("src=") && !page.contains("@import") && !page.contains("url("))
        let identifiers = page.matches(of: #/ id="([^"]+)"/#).map { String($0.1) }
        #expect(Set(identifiers).count == identifiers.count)
        for reference in page.matches(of: #/ aria-labelledby="([^"]+)"/#) {
            for name in reference.1.split(separator: " ") {
                #expect(identifiers.contains(String(name)), "\(name)")
            }
        }
        for link in page.matches(of: #/ href="#([^"]+)"/#) {
            #expect(identifiers.contains(String(link.1)))
        }
    }

    @Test("the table for a terminal has a row per layer with weights and the totals")
    func terminal() throws {
        let lines = BeforeAfterTable(SampleMetrics.job()).lines
        try expectSnapshot(lines.joined(separator: "\n") + "\n", named: "before-after.txt")
    }

    @Test("commands are quoted for a shell")
    func quoting() {
        #expect(Report.shellQuoted("plain-1.h5") == "plain-1.h5")
        #expect(Report.shellQuoted("a b'c") == "'a b'\\''c'")
        #expect(Report.shellQuoted("-rf") == "'-rf'")
    }
}
