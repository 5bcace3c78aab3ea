import JobFiles

/// A spool with one job of each state.
enum SampleJobs {
    static let failure = JobFailure(
        code: "budget-unreachable",
        message: "The smallest student costs 900 macs. Expected at most 500.",
        hint: "Ask for at least 900, or lower min_channels.",
        context: ["asked": "500", "reachable": "900"]
    )

    static var progress: JobProgress {
        var progress = JobProgress(name: "mobilenet", startingAt: "2026-01-02T03:04:05Z")
        progress.stage = "distillation"
        progress.step = 30
        progress.steps = 120
        progress.message = "epoch 3: accuracy 81.2 %, loss 0.61"
        progress.attempts = 1
        progress.updatedAt = "2026-01-02T03:14:05Z"
        progress.add(wallSeconds: 60, cpuSeconds: 110, steps: 30, to: "distillation")
        progress.stageSecondsLeft = 180
        progress.secondsLeft = 200
        return progress
    }

    static var list: JobList {
        JobList(
            updatedAt: "2026-01-02T03:14:06Z",
            jobs: [
                JobList.Entry(
                    name: "mobilenet",
                    state: .running,
                    changedAt: "2026-01-02T03:14:05Z",
                    progress: progress
                ),
                JobList.Entry(name: "vgg", state: .waiting),
                JobList.Entry(
                    name: "resnet 50%",
                    state: .done,
                    changedAt: "2026-01-02T02:14:05Z",
                    result: JobSummary(
                        accuracy: BeforeAfter(before: 0.8719, after: 0.8654),
                        macs: BeforeAfter(before: 12_501_632, after: 6_201_344),
                        parameters: BeforeAfter(before: 78_666, after: 37_012)
                    ),
                    report: "resnet 50%/report.html"
                ),
                JobList.Entry(
                    name: "tiny.failed",
                    state: .failed,
                    changedAt: "2026-01-02T01:14:05Z",
                    failure: failure,
                    report: "tiny.failed/report.html"
                ),
            ]
        )
    }
}
