/// Everything a finished job found out: `metrics.json`, and all that the report shows.
///
/// The names of its keys, in snake_case, are a contract described in Docs/schema/metrics.schema.json. Times are measured
/// and differ from run to run; every other number depends on model, spec and data alone.
public struct JobMetrics: Codable, Hashable, Sendable {
    /// The version of the keys; it rises when one is taken away or changes its meaning.
    public static let currentSchemaVersion = 1

    /// The version of the keys.
    public var schemaVersion = Self.currentSchemaVersion
    /// Who made it from what, when, where and how long it took.
    public var run: RunMetrics
    /// The models as wholes.
    public var model: BeforeAfter<ModelMetrics>
    /// What was asked and what became of it.
    public var budget: BudgetMetrics
    /// The student on held-out samples after each step.
    public var stages: StageQualities
    /// The coupled groups.
    public var groups: [GroupMetrics]
    /// What the sensitivity scan took; nil where there was none.
    public var scan: ScanMetrics?
    /// The layers, in order of their calls.
    public var layers: [LayerMetrics]
    /// Layers of which no channel can go.
    public var frozenLayers: [LayerReasonMetrics]
    /// Layers that could not be repaired as they should.
    public var repairNotes: [LayerReasonMetrics]
    /// The ways to share the budget out that were tried; the first is the one chosen.
    public var candidates: [CandidateMetrics]
    /// The epochs of distillation.
    public var epochs: [EpochMetrics]
    /// How long one forward pass takes, at each batch size that was measured.
    public var latency: [LatencyMetrics]
    /// How often each class was answered right on the test samples; nil without labels.
    public var classes: [ClassMetrics]?
    /// The confusions on the test samples that changed most, the largest change first; nil without labels.
    public var confusions: [ConfusionMetrics]?
    /// What the delivered file was checked for.
    public var verification: VerificationMetrics

    /// Joins the parts.
    public init(
        run: RunMetrics,
        model: BeforeAfter<ModelMetrics>,
        budget: BudgetMetrics,
        stages: StageQualities,
        groups: [GroupMetrics],
        scan: ScanMetrics? = nil,
        layers: [LayerMetrics],
        frozenLayers: [LayerReasonMetrics],
        repairNotes: [LayerReasonMetrics] = [],
        candidates: [CandidateMetrics],
        epochs: [EpochMetrics],
        latency: [LatencyMetrics] = [],
        classes: [ClassMetrics]? = nil,
        confusions: [ConfusionMetrics]? = nil,
        verification: VerificationMetrics
    ) {
        self.run = run
        self.model = model
        self.budget = budget
        self.stages = stages
        self.groups = groups
        self.scan = scan
        self.layers = layers
        self.frozenLayers = frozenLayers
        self.repairNotes = repairNotes
        self.candidates = candidates
        self.epochs = epochs
        self.latency = latency
        self.classes = classes
        self.confusions = confusions
        self.verification = verification
    }
}
