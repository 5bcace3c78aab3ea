import Foundation

/// How long a job will still take, from how long its steps took so far.
///
/// Each stage is known by its steps and by the work of one step in any unit, such as macs. A stage that has not begun is
/// taken by the rate, in seconds per work, of those that have; one that has, more and more by its own.
public struct TimeLeft: Hashable, Sendable {
    /// One stage, in the order of the job.
    public struct Stage: Hashable, Sendable {
        /// The stage.
        public var name: String
        /// Its steps.
        public var steps: Int
        /// The work of one step, on average; 0 where it counts for nothing.
        public var workPerStep: Double
        /// What the first step does beyond that.
        public var openingWork: Double
        /// How much more than the average the first steps do, and the last ones less; 1 where all do the same.
        ///
        /// What is left falls with this power of the share of the steps that are left.
        public var fading: Double

        /// Makes a stage.
        public init(
            name: String,
            steps: Int,
            workPerStep: Double,
            openingWork: Double = 0,
            fading: Double = 1
        ) {
            self.name = name
            self.steps = steps
            self.workPerStep = workPerStep
            self.openingWork = openingWork
            self.fading = fading
        }

        fileprivate func work(ofFirst count: Int) -> Double {
            guard count > 0, steps > 0 else { return 0 }
            let left = Double(steps - min(count, steps)) / Double(steps)
            return openingWork + Double(steps) * workPerStep * (1 - pow(left, fading))
        }
    }

    private let stages: [Stage]
    /// How much of a stage must be done for its own rate to count as much as that of the others.
    private static let doubt = 0.1

    /// Prepares an estimate.
    public init(_ stages: [Stage]) { self.stages = stages }

    /// How long a stage will still take.
    ///
    /// - Parameters:
    ///   - stage: The stage.
    ///   - step: Steps done in it.
    ///   - times: What each stage took so far.
    /// - Returns: Seconds until the stage is done; nil before any step with work in it is done.
    public func ofStage(_ stage: String, step: Int, times: [StageTimeMetrics]) -> Double? {
        guard let stage = stages.first(where: { $0.name == stage }) else { return nil }
        guard stage.workPerStep > 0 else { return step < stage.steps ? nil : 0 }
        return seconds(of: stage, after: step, times: times)
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
        var sum = 0.0
        for index in current..<stages.count {
            let done = index == current ? step : 0
            guard let seconds = seconds(of: stages[index], after: done, times: times) else {
                return nil
            }
            sum += seconds
        }
        return sum
    }

    private func seconds(of stage: Stage, after step: Int, times: [StageTimeMetrics]) -> Double? {
        let whole = stage.work(ofFirst: stage.steps)
        let left = whole - stage.work(ofFirst: min(step, stage.steps))
        guard left > 0 else { return 0 }
        var (work, seconds) = (0.0, 0.0)
        for time in times {
            guard let known = stages.first(where: { $0.name == time.stage }) else { continue }
            work += known.work(ofFirst: time.steps)
            seconds += known.workPerStep > 0 ? time.wallSeconds : 0
        }
        guard work > 0 else { return nil }
        let own = times.first { $0.stage == stage.name && $0.steps > 0 }
        let prior = Self.doubt * whole
        let ownWork = own.map { stage.work(ofFirst: $0.steps) } ?? 0
        return left * ((own?.wallSeconds ?? 0) + prior * seconds / work) / (ownWork + prior)
    }
}
