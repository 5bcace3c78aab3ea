/// How the channels are chosen and the budget is shared out; everything else is the same for all methods.
public enum PruningMethod: String, Sendable, Hashable, Codable, CaseIterable {
    /// Genetic search on the layer-wise error, allocations judged by measurement (Hu et al. 2018; METHODS 1).
    case genetic
    /// LASSO on the channels' parts of the next layer's output (He, Zhang, Sun 2017; METHODS 4).
    case lasso
    /// Fisher information of masks on coupled channels (Liu et al. 2021; METHODS 3).
    case fisher
    /// Ranking by what least squares cannot make good, with the structural search (Xie et al. 2021; METHODS 6).
    case compensation
    /// One process for several budgets (Liu et al. 2020; METHODS 5).
    case conditional
    /// Squeeze-and-excitation gates against their layer's mean (Chang et al. 2020; METHODS 2).
    case uniform
    /// The sum of magnitudes of a channel's filter.
    case l1
    /// The sum of squares of a channel's filter.
    case l2
    /// The magnitude of a channel's BatchNorm scale.
    case bnScale = "bn_scale"
    /// The first-order change of the loss without a channel.
    case taylor
    /// The distance of a channel's filter to all others: the geometric median goes first.
    case fpgm
    /// The mean rank of a channel's feature maps.
    case hrank
    /// By chance.
    case random
}

extension PruningMethod {
    /// Whether its allocations go along measured sensitivity.
    func needsSensitivity(_ plan: CompressionPlan) -> Bool {
        switch self {
        case .genetic: true
        case .conditional: !plan.learnsPolicy
        case .compensation: plan.budget.unit != .accuracyDrop
        case .lasso, .fisher, .uniform, .l1, .l2, .bnScale, .taylor, .fpgm, .hrank, .random: false
        }
    }
}

extension CompressionPlan {
    /// Whether an agent learns to share the budgets out; a tolerated loss of accuracy is none that it could be given.
    var learnsPolicy: Bool {
        method == .conditional && conditional.policy == .learned && budget.unit != .accuracyDrop
    }

    /// Whether units go one by one while the network trains.
    var removesInTraining: Bool {
        method == .fisher && fisher.form == .iterative && budget.unit != .accuracyDrop
    }
}

/// How Fisher information is gathered and spent.
public struct FisherSettings: Sendable, Hashable, Codable {
    /// When it is gathered.
    public enum Form: String, Sendable, Codable, CaseIterable {
        /// Once, on the teacher.
        case oneShot = "one_shot"
        /// While the network trains; one unit goes every few batches.
        case iterative
    }

    /// When it is gathered.
    public var form = Form.oneShot
    /// What a unit's information is divided by.
    public var normalisation = FisherNormalisation.memory
    /// Batches between two removals, in iterative form.
    public var interval = 10
    /// Whether the loss is that of the labels, where there are any; else the network's own answers stand for them.
    public var usesLabels = true

    /// Makes the default settings.
    public init() {}
}

/// How the conditional method shares several budgets out.
public struct ConditionalSettings: Sendable, Hashable, Codable {
    /// Who does.
    public enum Policy: String, Sendable, Codable, CaseIterable {
        /// The exact table along the measured curves, read out at every budget.
        case exact
        /// An agent that learns to (METHODS 5).
        case learned
    }

    /// Who does.
    public var policy = Policy.exact
    /// How the agent learns.
    public var agent = PolicySettings()
    /// All budgets of the job: one agent learns them together.
    public var budgets: [Budget] = []

    /// Makes the default settings.
    public init() {}
}

/// How squeeze-and-excitation gates are trained, and what becomes of the uniform student's weights.
public struct UniformSettings: Sendable, Hashable, Codable {
    /// What the student starts from.
    public enum Start: String, Sendable, Codable, CaseIterable {
        /// The teacher's weights, repaired.
        case inherited
        /// New weights: the student is trained from nothing.
        case scratch
    }

    /// How gates are trained on the teacher.
    public var gates = GateSettings()
    /// What the student starts from.
    public var start = Start.inherited

    /// Makes the default settings.
    public init() {}
}
