import Graph
import Tensors

/// What a compression takes before it is begun: passes of one sample, and memory.
///
/// Passes are counted, but what becomes of a group is not known before, so the student is taken to cost what the budget
/// allows, and statistics what they did in measured runs. Good to a factor of about two.
public struct CompressionEstimate: Sendable, Hashable {
    /// How many samples there are, and what they take in memory.
    public struct Samples: Sendable, Hashable {
        /// For statistics and distillation.
        public var training: Int
        /// Held out.
        public var validation: Int
        /// Looked at by no decision.
        public var test: Int
        /// The bytes of all of them.
        public var bytes: Int

        /// Makes counts.
        public init(training: Int, validation: Int, test: Int, bytes: Int) {
            self.training = training
            self.validation = validation
            self.test = test
            self.bytes = bytes
        }
    }

    /// Forward passes of one sample through the teacher, or as much work.
    public var forwardPasses: Double
    /// Steps of training of one sample of the teacher, or as much work.
    public var trainingPasses: Double
    /// Bytes at the most.
    public var memoryBytes: Int

    /// Counts what a series of compressions asks of a network.
    ///
    /// - Parameters:
    ///   - teacher: The network.
    ///   - plans: What is asked, at least one; they differ in method and budget only.
    ///   - samples: How many there are.
    public init(teacher: Network, plans: [CompressionPlan], samples: Samples) {
        precondition(!plans.isEmpty, "an estimate of nothing")
        let plan = plans[0]
        let groups = CouplingAnalysis(teacher).groups
        forwardPasses = Double(samples.validation + samples.test)
        trainingPasses = 0
        memoryBytes = Self.memory(teacher, plan, samples, groups)
        if plans.contains(where: { $0.method.needsSensitivity($0) }) {
            let scanned = min(samples.validation, plan.sensitivity.images)
            let reestimated = min(Self.calibration(plan, samples), max(512, plan.batchSize))
            // The scan keeps what lies before a group and computes what lies behind it: half of the network on average.
            forwardPasses += Double(
                groups.count * plan.sensitivity.fractions.count * (scanned + reestimated) / 2
            )
        }
        for (index, plan) in plans.enumerated() {
            addStudent(of: teacher, plan, samples, groups)
            let isTaught = plans[..<index].contains { $0.method == plan.method }
            if !isTaught { addPreparation(plan, samples, groups) }
        }
    }

    private static func calibration(_ plan: CompressionPlan, _ samples: Samples) -> Int {
        min(samples.training, max(plan.compensation.images, plan.batchSize))
    }

    /// One network cut, repaired and measured.
    private static func trial(_ plan: CompressionPlan, _ samples: Samples) -> Int {
        let repair = plan.compensation.isEnabled ? passesOfRepair * calibration(plan, samples) : 0
        return repair + samples.validation
    }

    private mutating func addStudent(
        of teacher: Network,
        _ plan: CompressionPlan,
        _ samples: Samples,
        _ groups: [CoupledGroup]
    ) {
        let candidates = CandidateSource.all(for: plan, groups: groups.count).count
        forwardPasses += Double(candidates * Self.trial(plan, samples))
        forwardPasses += Double(samples.validation + samples.test)
        let share = Self.share(plan.budget, of: teacher)
        let trained = Double(plan.distillation.epochs * samples.training)
        forwardPasses += trained
        trainingPasses += trained * share
        if plan.distillation.order == .layerwise {
            let part = Double(groups.count * samples.training) * plan.distillation.layerEpochs
            forwardPasses += part
            trainingPasses += part * (1 + share) / 2
        }
    }

    /// What a method learns before it can share the budget out.
    private mutating func addPreparation(
        _ plan: CompressionPlan,
        _ samples: Samples,
        _ groups: [CoupledGroup]
    ) {
        if plan.learnsPolicy {
            let episodes = plan.conditional.budgets.count + plan.conditional.agent.episodes
            forwardPasses += Double(episodes * Self.trial(plan, samples))
        } else if plan.removesInTraining {
            // About half of all units go, while the network falls from its whole to the budget's share.
            let units = groups.reduce(0) { $0 + $1.width } / 2
            let trained = Double(units * plan.fisher.interval * plan.batchSize)
            forwardPasses += trained
            trainingPasses += trained * 3 / 4
        } else if plan.method == .uniform {
            trainingPasses += Double(plan.uniform.gates.steps * plan.batchSize)
        }
    }

    /// Passes over the statistics' samples that one candidate's repair is worth: both networks, and covariances as costly.
    private static let passesOfRepair = 6

    /// The share of the teacher's work that the student does.
    private static func share(_ budget: Budget, of teacher: Network) -> Double {
        switch (budget.unit, budget.limit) {
        case (.accuracyDrop, _), (.latency, .count): 0.5
        case (.macs, .count(let count)): min(1, Double(count) / Double(max(teacher.cost.macs, 1)))
        case (_, .count(let count)):
            min(1, Double(count) / Double(max(teacher.cost.parameters, 1)))
        case (_, .fraction(let fraction)): min(1, fraction)
        }
    }

    private static func memory(
        _ teacher: Network,
        _ plan: CompressionPlan,
        _ samples: Samples,
        _ groups: [CoupledGroup]
    ) -> Int {
        // Teacher, student, best student, gradients, two moments, a checkpoint being written, the file and its copy.
        let weights = 9 * 4 * teacher.cost.parameters
        let batch = 4 * plan.batchSize * teacher.activationElements
        let looked = max(plan.compensation.images, plan.sensitivity.images)
        let kept = min(looked, samples.training) * 4 * teacher.activationElements
        let readers = Set(groups.flatMap(\.consumers)).filter {
            teacher.layers[$0].kind.hasPatches
        }
        let moments = readers.reduce(0) { sum, layer in
            let outputs = teacher.calls[layer].first.map { teacher.shapes[$0].channels } ?? 1
            let depth = teacher.layers[layer].weights[0].count / max(outputs, 1)
            let rows =
                depth <= InputMoments.largestDepth ? depth : InputMoments.sampledRows(depth: depth)
            return sum + 8 * depth * rows
        }
        // Training holds all activations and the gradients of some; statistics hold no gradients but what they keep.
        let training = batch + batch / 2
        let statistics = batch / 2 + min(kept, PrefixCache.defaultLimit) + min(moments, 3 << 29)
        return programBytes + samples.bytes + weights + max(training, statistics)
    }

    /// The program and its libraries.
    private static let programBytes = 64 << 20
}
