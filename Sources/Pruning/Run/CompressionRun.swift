import Datasets
import Engine
import Graph
import Tensors

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
    let context: CompressionContext
    private let scansSensitivity: Bool
    let budgets: [Budget]
    var state: RunState
    var student: Network?
    var best: Network?
    var distillation: Distillation?
    var gates: GateTraining?
    var policy: ConditionalPolicy?
    /// What a resumed run works out again, to the same bits.
    var measurements: [GroupMeasurement] = []
    var scan: SensitivityScan?
    var compensation: Compensation?
    var selections: [Selection.Key: Selection] = [:]
    var evidence = MethodEvidence()
    /// The curves that allocations go along; not asked for before the sensitivity stage is over.
    lazy var curves = makeCurves()
    /// The result, once ``advance()`` has returned false.
    public private(set) var outcome: CompressionOutcome?
    private var message = ""

    /// Starts a compression.
    ///
    /// - Parameters:
    ///   - teacher: The network as it was dropped.
    ///   - data: Its samples.
    ///   - plan: What is asked.
    ///   - clock: Seconds of a clock that only goes forward: read only where the budget is latency.
    /// - Throws: ``CompressionError`` where the network, the samples and the budget do not go together.
    public convenience init(
        teacher: Network,
        data: CompressionData,
        plan: CompressionPlan,
        clock: (() -> Double)? = nil
    ) throws(CompressionError) {
        let context = try CompressionContext(teacher: teacher, data: data, plan: plan, clock: clock)
        self.init(
            context,
            scansSensitivity: plan.method.needsSensitivity(plan),
            budgets: [plan.budget]
        )
    }

    /// Starts one compression of a series.
    ///
    /// - Parameters:
    ///   - context: What it works with.
    ///   - scansSensitivity: Whether any of the series goes by it.
    ///   - budgets: All budgets of the series: measured latency decides at the start whether they can be met.
    init(_ context: CompressionContext, scansSensitivity: Bool, budgets: [Budget]) {
        self.context = context
        self.scansSensitivity = scansSensitivity
        self.budgets = budgets
        let groups = context.analysis.groups
        state = RunState(
            identity: context.identity,
            sensitivity: groups.map { _ in [] },
            notes: groups.map { _ in nil },
            searches: groups.map { _ in nil },
            errors: groups.map { _ in nil },
            kept: context.analysis.wholeUnits
        )
    }

    /// Takes over what an earlier compression of the series found out about the teacher.
    func prepare(after earlier: CompressionRun) {
        state.position = earlier.state.position + 1
        state.isPrepared = true
        state.teacher = earlier.state.teacher
        state.teacherTest = earlier.state.teacherTest
        state.latency = earlier.state.latency
        state.sensitivity = earlier.state.sensitivity
        state.notes = earlier.state.notes
        state.scanWork = earlier.state.scanWork
        if earlier.context.plan.method == context.plan.method {
            state.isTaught = context.plan.learnsPolicy || context.plan.method == .uniform
            state.gateScores = earlier.state.gateScores
            state.policyLevels = earlier.state.policyLevels
            state.policyFindings = earlier.state.policyFindings
        }
        measurements = earlier.measurements
        selections = earlier.selections
        evidence.scores = earlier.evidence.scores
    }

    /// Goes on where a checkpoint was taken; teacher, data and plan must be the ones it was taken with.
    public convenience init(
        teacher: Network,
        data: CompressionData,
        plan: CompressionPlan,
        clock: (() -> Double)? = nil,
        resuming checkpoint: [UInt8]
    ) throws(CompressionError) {
        try self.init(teacher: teacher, data: data, plan: plan, clock: clock)
        try restore(checkpoint)
    }

    /// How far the run is.
    public var progress: CompressionProgress {
        CompressionProgress(
            stage: state.stage,
            step: state.step,
            steps: steps(of: state.stage),
            message: message
        )
    }

    /// The steps of a stage, as far as they are known before it begins.
    public func steps(of stage: Stage) -> Int {
        switch stage {
        case .baseline: state.isPrepared ? 0 : 1
        case .surgery, .verification, .delivery, .compensation: 1
        case .sensitivity: scanSteps
        case .allocation: preparationSteps + sources.count * stepsPerCandidate
        case .search: context.analysis.groups.count * stepsPerGroup
        case .distillation: context.plan.distillation.epochs * stepsPerEpoch
        }
    }

    private var scanSteps: Int {
        guard scansSensitivity, !state.isPrepared else { return 0 }
        return context.scannedGroups.count * context.plan.sensitivity.fractions.count
    }

    /// Does the next step.
    ///
    /// - Returns: Whether there is more to do.
    /// - Throws: ``CompressionError``; the state stays as it was before the step.
    public func advance() throws(CompressionError) -> Bool {
        if state.step >= steps(of: state.stage) {
            guard let next = state.stage.next else { return false }
            try leave(state.stage)
            state.stage = next
            state.step = 0
            // The last message still speaks of the stage that ended.
            return true
        }
        switch state.stage {
        case .baseline: message = try measureBaseline()
        case .sensitivity: message = try measureSensitivity()
        case .allocation: message = try tryCandidate()
        case .search: message = try searchGroup()
        case .surgery: message = try performSurgery()
        case .compensation: message = finishCompensation()
        case .distillation: message = try distil()
        case .verification: message = verify()
        case .delivery:
            outcome = try makeOutcome()
            state.step = 1
            return false
        }
        state.step += 1
        return true
    }

    /// What must be settled between a stage and the next.
    private func leave(_ stage: Stage) throws(CompressionError) {
        switch stage {
        case .allocation: try adoptBestCandidate()
        case .baseline, .sensitivity, .search, .surgery, .compensation, .distillation,
            .verification, .delivery:
            break
        }
    }
}

extension Stage {
    /// The stage after this one.
    var next: Stage? {
        let all = Stage.allCases
        return all.firstIndex(of: self).flatMap { $0 + 1 < all.count ? all[$0 + 1] : nil }
    }
}
