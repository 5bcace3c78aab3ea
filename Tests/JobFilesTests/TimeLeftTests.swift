import JobFiles
import Testing

@Suite struct TimeLeftTests {
    private let estimate = TimeLeft([
        TimeLeft.Stage(name: "scan", steps: 10, workPerStep: 100),
        TimeLeft.Stage(name: "search", steps: 4, workPerStep: 0),
        TimeLeft.Stage(name: "train", steps: 20, workPerStep: 400),
    ])

    private func time(_ stage: String, _ seconds: Double, _ steps: Int) -> StageTimeMetrics {
        StageTimeMetrics(stage: stage, wallSeconds: seconds, cpuSeconds: 0, steps: steps)
    }

    @Test("a stage that has not begun is taken by the work per second of those that have")
    func laterStage() {
        let times = [time("scan", 5, 5)]
        // Five steps at 1 s, then twenty of four times the work.
        #expect(estimate.ofJob(stage: "scan", step: 5, times: times) == 85.0)
    }

    @Test(
        "a stage that has done much is taken by its own rate, one that has just begun by the others' as well"
    )
    func ownRate() throws {
        let scan = time("scan", 10, 10)
        let early = try #require(
            estimate.ofJob(stage: "train", step: 2, times: [scan, time("train", 4, 2)])
        )
        // All so far: 14 s for 1800. A tenth is done, so that counts as much as its own rate, 4 s for 800.
        let (own, all): (Double, Double) = (4.0 / 800, 14.0 / 1800)
        let expected: Double = 18 * 400 * (own + all) / 2
        #expect(abs(early - expected) < 1e-9)
        let late = try #require(
            estimate.ofJob(stage: "train", step: 19, times: [scan, time("train", 38, 19)])
        )
        #expect(abs(late - 2) < 0.1)
    }

    @Test("what only the first step does is not expected of the others")
    func opening() {
        let stages = [TimeLeft.Stage(name: "scan", steps: 10, workPerStep: 100, openingWork: 900)]
        let times = [time("scan", 10, 1)]
        #expect(TimeLeft(stages).ofJob(stage: "scan", step: 1, times: times) == 9)
    }

    @Test("a stage whose steps do less and less is not expected to go on as it began")
    func fading() {
        let stages = [TimeLeft.Stage(name: "scan", steps: 10, workPerStep: 100, fading: 2)]
        // Half of the steps are three quarters of the work.
        let left = TimeLeft(stages).ofJob(stage: "scan", step: 5, times: [time("scan", 30, 5)])
        #expect(left == 10)
    }

    @Test("before the first step nothing is said, after the last nothing is left")
    func ends() {
        #expect(estimate.ofJob(stage: "scan", step: 0, times: []) == nil)
        #expect(estimate.ofJob(stage: "train", step: 20, times: [time("train", 9, 20)]) == 0)
        #expect(estimate.ofJob(stage: "unknown", step: 0, times: []) == nil)
    }

    @Test("a stage by itself: its rate over the attempts, times what is left of it")
    func stage() {
        let times = [time("scan", 8, 4)]
        #expect(estimate.ofStage("scan", step: 5, times: times) == 10)
        #expect(estimate.ofStage("scan", step: 0, times: []) == nil)
        #expect(estimate.ofStage("scan", step: 10, times: []) == 0)
    }

    @Test("times of several attempts add up")
    func attempts() {
        var progress = JobProgress(name: "job", startingAt: "2026-01-02T03:04:05Z")
        progress.add(wallSeconds: 1, cpuSeconds: 2, steps: 3, to: "scan")
        progress.add(wallSeconds: 2, cpuSeconds: 3, steps: 4, to: "scan")
        #expect(
            progress.stageTimes == [
                StageTimeMetrics(stage: "scan", wallSeconds: 3, cpuSeconds: 5, steps: 7)
            ]
        )
    }
}
