/// How long a job will still take, from how long its steps took so far.
///
/// Each stage is known by its steps and by the work of one step in any unit, such as macs. A stage that has done steps is
/// taken by its own rate; one that has not begun by the rate, in work per second, of those that have.
public struct TimeLeft: Hashable, Sendable {
    /// One stage, in the order of the job.
    public struct Stage: Hashable, Sendable {
        /// The stage.
        public var name: String
        /// Its steps.
        public var steps: Int
        /// The work of one step; 0 where it counts for nothing.
        public var workPerStep: Double

        /// Makes a stage.
        public init(name: String, steps: Int, workPerStep: Double) {
            self.name = name
            self.steps = steps
            self.workPerStep = workPerStep
        }
    }

    private let stages: [Stage]

    /// Prepares an estimate.
    public init(_ stages: [Stage]) { self.stages = stages }

    /// How long a stage will still take.
    ///
    /// - Parameters:
    ///   - step: Steps done.
    ///   - steps: Steps of the stage.
    ///   - time: What they took.
    /// - Returns: Seconds until the stage is done; nil before its first step.
    public static func ofStage(step: Int, steps: Int, time: StageTimeMetrics?) -> Double? {
        guard let time, time.steps > 0, step > 0 else { return steps <= step ? 0 : nil }
        return Double(max(0, steps - step)) * time.wallSeconds / Double(time.steps)
    }

    /// How long the job will still take.
    ///
    /// - Parameters:
    ///   - stage: The stage at work.
    ///   - step: Steps done in it.
    ///   - times: What each stage took so far.
    /// - Returns: Seconds until the job is done; nil before any step with work in it is done.
    public func ofJob(stage: String, step: Int, times: [StageTimeMetrics]) -> Double? {
        guard let current = stages.firstIndex(where: { $0.name == stage }) else { return nil }
        var seconds = 0.0
        for index in current..<stages.count {
            let own = stages[index]
            let left = Double(max(0, own.steps - (index == current ? step : 0)))
            guard left > 0, own.workPerStep > 0 else { continue }
            guard let perStep = secondsPerStep(of: own, times: times) else { return nil }
            seconds += left * perStep
        }
        return seconds
    }

    private func secondsPerStep(of stage: Stage, times: [StageTimeMetrics]) -> Double? {
        if let time = times.first(where: { $0.stage == stage.name }), time.steps > 0 {
            return time.wallSeconds / Double(time.steps)
        }
        var (work, seconds) = (0.0, 0.0)
        for time in times {
            guard let known = stages.first(where: { $0.name == time.stage }) else { continue }
            work += known.workPerStep * Double(time.steps)
            seconds += known.workPerStep > 0 ? time.wallSeconds : 0
        }
        return work > 0 ? stage.workPerStep * seconds / work : nil
    }
}
