/// How far a job is: `status.json` in its folder, and an entry of the daemon's `outbox/status.json`.
///
/// It lives through interruptions: times, attempts and resumptions are those of all attempts together.
public struct JobProgress: Codable, Hashable, Sendable {
    /// The name of the drop.
    public var name: String
    /// The stage.
    public var stage: String
    /// Steps done in the stage.
    public var step: Int
    /// Steps of the stage.
    public var steps: Int
    /// What the last step found.
    public var message: String
    /// When the first attempt began, ISO 8601 in UTC.
    public var startedAt: String
    /// When this was written, ISO 8601 in UTC.
    public var updatedAt: String
    /// How often a worker began, the first time counted.
    public var attempts: Int
    /// Where work went on after an interruption.
    public var resumes: [ResumeMetrics]
    /// How long each stage took so far.
    public var stageTimes: [StageTimeMetrics]
    /// Which student is being made, of a job with several.
    public var student: StudentProgress?
    /// Seconds until the stage is done, as far as can be told; nil where nothing can.
    public var stageSecondsLeft: Double?
    /// Seconds until the job is done, as far as can be told; nil where nothing can.
    public var secondsLeft: Double?

    /// A job that begins.
    ///
    /// - Parameters:
    ///   - name: The name of the drop.
    ///   - time: ISO 8601 in UTC.
    public init(name: String, startingAt time: String) {
        self.name = name
        stage = ""
        step = 0
        steps = 0
        message = ""
        startedAt = time
        updatedAt = time
        attempts = 0
        resumes = []
        stageTimes = []
    }

    /// The share of the stage that is done, from 0 to 1.
    public var share: Double {
        steps > 0 ? min(1, max(0, Double(step) / Double(steps))) : 1
    }

    /// Begins with the next student of several.
    public mutating func begin(_ name: String, number: Int, of count: Int) {
        guard student?.number != number else { return }
        student = StudentProgress(
            name: name,
            number: number,
            count: count,
            earlierStageTimes: student == nil ? [] : stageTimes
        )
    }

    /// What the student at work took so far, of all the times.
    public var ownStageTimes: [StageTimeMetrics] {
        let earlier = student?.earlierStageTimes ?? []
        return stageTimes.map { time in
            guard let before = earlier.first(where: { $0.stage == time.stage }) else { return time }
            return StageTimeMetrics(
                stage: time.stage,
                wallSeconds: time.wallSeconds - before.wallSeconds,
                cpuSeconds: time.cpuSeconds - before.cpuSeconds,
                steps: time.steps - before.steps
            )
        }
    }

    /// Adds the time a stage took.
    public mutating func add(wallSeconds: Double, cpuSeconds: Double, steps: Int, to stage: String)
    {
        if !stageTimes.contains(where: { $0.stage == stage }) {
            stageTimes.append(StageTimeMetrics(stage: stage))
        }
        for index in stageTimes.indices where stageTimes[index].stage == stage {
            stageTimes[index].wallSeconds += wallSeconds
            stageTimes[index].cpuSeconds += cpuSeconds
            stageTimes[index].steps += steps
        }
    }
}
