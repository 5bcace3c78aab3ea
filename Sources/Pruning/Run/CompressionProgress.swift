/// A step of a job that can be stopped and resumed.
public enum Stage: String, Sendable, Codable, CaseIterable {
    /// The teacher is evaluated.
    case baseline
    /// Every group is cut at every fraction.
    case sensitivity
    /// The budget is shared out.
    case allocation
    /// The channels of each group are chosen.
    case search
    /// The channels are cut out.
    case surgery
    /// The rest is repaired.
    case compensation
    /// The student learns from the teacher.
    case distillation
    /// The student is evaluated on the test samples.
    case verification
    /// The result is handed over.
    case delivery
}

/// How far a compression is.
public struct CompressionProgress: Sendable, Hashable {
    /// The stage.
    public var stage: Stage
    /// Steps done in this stage.
    public var step: Int
    /// Steps of this stage.
    public var steps: Int
    /// What the last step found, for a person.
    public var message: String

    /// Makes a progress.
    public init(stage: Stage, step: Int, steps: Int, message: String) {
        self.stage = stage
        self.step = step
        self.steps = steps
        self.message = message
    }
}
