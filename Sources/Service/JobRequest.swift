import Datasets
import Pruning

/// One student of a job: a method with a budget.
public struct JobVariant: Sendable {
    /// What its folder is called in a delivery of several.
    public var name: String
    /// The compression.
    public var plan: CompressionPlan
    /// The spec of this student alone, with every default spelled out.
    public var resolved: String

    /// Makes a variant.
    public init(name: String, plan: CompressionPlan, resolved: String) {
        self.name = name
        self.plan = plan
        self.resolved = resolved
    }
}

/// What a spec asks for, in the words of the rooms that do it.
public struct JobRequest: Sendable {
    /// The students, at least one; only method and budget differ.
    public var variants: [JobVariant]
    /// Which samples.
    public var selection: DataSelection
    /// The data file as the spec names it.
    public var dataFile: String
    /// Seconds between checkpoints.
    public var checkpointSeconds: Double
    /// Threads, or nil for all cores.
    public var threads: Int?
    /// The spec with every default spelled out.
    public var resolved: String
    /// What the model file must hash to, or nil.
    public var modelHash: String?
    /// The accuracy the teacher must reach on the test samples, or nil.
    public var expectedAccuracy: Double?
    /// Deaths of a worker without progress after which the job is given up.
    public var maximumAttempts = 3

    /// The first student's compression.
    public var plan: CompressionPlan { variants[0].plan }

    /// Makes a request.
    public init(
        variants: [JobVariant],
        selection: DataSelection,
        dataFile: String,
        checkpointSeconds: Double,
        threads: Int?,
        resolved: String
    ) {
        precondition(!variants.isEmpty, "a request for nothing")
        self.variants = variants
        self.selection = selection
        self.dataFile = dataFile
        self.checkpointSeconds = checkpointSeconds
        self.threads = threads
        self.resolved = resolved
    }
}
