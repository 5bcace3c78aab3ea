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

    @Test("a stage that has done steps is taken by its own rate")
    func ownRate() {
        let times = [time("scan", 10, 10), time("train", 4, 2)]
        #expect(estimate.ofJob(stage: "train", step: 2, times: times) == 36.0)
    }

    @Test("before the first step nothing is said, after the last nothing is left")
    func ends() {
        #expect(estimate.ofJob(stage: "scan", step: 0, times: []) == nil)
        #expect(estimate.ofJob(stage: "train", step: 20, times: [time("train", 9, 20)]) == 0)
        #expect(estimate.ofJob(stage: "unknown", step: 0, times: []) == nil)
    }

    @Test("a stage by itself: its rate over the attempts, times what is left of it")
    func stage() {
        #expect(TimeLeft.ofStage(step: 5, steps: 10, time: time("scan", 8, 4)) == 10)
        #expect(TimeLeft.ofStage(step: 0, steps: 10, time: nil) == nil)
        #expect(TimeLeft.ofStage(step: 10, steps: 10, time: nil) == 0)
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
