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

    /// Counts what a plan asks of a network.
    public init(teacher: Network, plan: CompressionPlan, samples: Samples) {
        let groups = CouplingAnalysis(teacher).groups
        let calibration = min(samples.training, max(plan.compensation.images, plan.batchSize))
        let scanned = min(samples.validation, plan.sensitivity.images)
        let reestimated = min(calibration, max(512, plan.batchSize))
        // The scan keeps what lies before a group and computes what lies behind it: half of the network on average.
        let scan = groups.count * plan.sensitivity.fractions.count * (scanned + reestimated) / 2
        let candidates = CandidateSource.all(for: plan, groups: groups.count).count
        let repair = plan.compensation.isEnabled ? Self.passesOfRepair * calibration : 0
        let ends = 2 * samples.validation + 2 * samples.test
        var forward = Double(scan + candidates * (repair + samples.validation) + ends)
        let share = Self.share(plan.budget, of: teacher)
        var trained = Double(plan.distillation.epochs * samples.training)
        forward += trained
        trained *= share
        if plan.distillation.order == .layerwise {
            let part = Double(groups.count * samples.training) * plan.distillation.layerEpochs
            forward += part
            trained += part * (1 + share) / 2
        }
        forwardPasses = forward
        trainingPasses = trained
        memoryBytes = Self.memory(teacher, plan, samples, groups)
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
