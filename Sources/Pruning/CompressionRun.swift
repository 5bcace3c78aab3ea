import Datasets
import Graph

/// The samples a compression works with.
public struct CompressionData: Sendable {
    /// For statistics and distillation.
    public var training: SampleSet
    /// Held out of training, for every decision.
    public var validation: SampleSet
    /// For the two figures at the end, looked at by no decision; nil where there are none.
    public var test: SampleSet?

    /// Makes the data of a compression.
    public init(training: SampleSet, validation: SampleSet, test: SampleSet?) {
        self.training = training
        self.validation = validation
        self.test = test
    }
}

/// What a compression ends with.
public struct CompressionOutcome: Sendable {
    /// The smaller network.
    public var student: Network
    /// Everything found out on the way.
    public var record: CompressionRecord
}

/// A compression as a sequence of small steps, each of which can be the last before a crash.
///
/// The caller owns the clock, the files and the signals: it calls ``advance()`` until there is nothing left to do and
/// stores ``checkpoint()`` whenever it likes; a run resumed from there gives the same bytes.
public final class CompressionRun {
    /// How far the run is.
    public private(set) var progress: CompressionProgress
    /// The result, once ``advance()`` has returned false.
    public private(set) var outcome: CompressionOutcome?

    /// Starts a compression.
    public init(
        teacher: Network,
        data: CompressionData,
        plan: CompressionPlan
    )
        throws(CompressionError)
    {
        progress = CompressionProgress(stage: .baseline, step: 0, steps: 1, message: "")
    }

    /// Goes on where a checkpoint was taken; teacher, data and plan must be the ones it was taken with.
    public init(
        teacher: Network,
        data: CompressionData,
        plan: CompressionPlan,
        resuming checkpoint: [UInt8]
    ) throws(CompressionError) {
        progress = CompressionProgress(stage: .baseline, step: 0, steps: 1, message: "")
    }

    /// Does the next step.
    ///
    /// - Returns: Whether there is more to do.
    public func advance() throws(CompressionError) -> Bool { false }

    /// All that the next step depends on, as bytes.
    public func checkpoint() -> [UInt8] { [] }
}
