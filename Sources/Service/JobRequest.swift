import Datasets
import Pruning

/// What a spec asks for, in the words of the rooms that do it.
public struct JobRequest: Sendable {
    /// The compression.
    public var plan: CompressionPlan
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

    /// Makes a request.
    public init(
        plan: CompressionPlan,
        selection: DataSelection,
        dataFile: String,
        checkpointSeconds: Double,
        threads: Int?,
        resolved: String
    ) {
        self.plan = plan
        self.selection = selection
        self.dataFile = dataFile
        self.checkpointSeconds = checkpointSeconds
        self.threads = threads
        self.resolved = resolved
    }
}
