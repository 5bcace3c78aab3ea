/// Who made a result from what, when, where, and how long it took.
public struct RunMetrics: Codable, Hashable, Sendable {
    /// The name of the drop.
    public var job: String
    /// The name of the model in its file.
    public var modelName: String
    /// The method of the spec.
    public var method: String
    /// The seed of the spec, from which every random number comes.
    public var seed: Int
    /// What did it, and what wrote the model.
    public var versions: VersionMetrics
    /// Where it was done.
    public var machine: MachineMetrics
    /// Threads that worked at it.
    public var threads: Int
    /// When the first attempt began, ISO 8601 in UTC.
    public var startedAt: String
    /// When the result was written, ISO 8601 in UTC.
    public var finishedAt: String
    /// How long each stage took, over all attempts.
    public var stageTimes: [StageTimeMetrics]
    /// How often a worker began, the first time counted.
    public var attempts: Int
    /// Where work went on after an interruption.
    public var resumes: [ResumeMetrics]
    /// What went in and came out.
    public var files: FileMetrics

    /// Makes a run.
    public init(
        job: String,
        modelName: String,
        method: String,
        seed: Int,
        versions: VersionMetrics,
        machine: MachineMetrics,
        threads: Int,
        startedAt: String,
        finishedAt: String,
        stageTimes: [StageTimeMetrics],
        attempts: Int,
        resumes: [ResumeMetrics],
        files: FileMetrics
    ) {
        self.job = job
        self.modelName = modelName
        self.method = method
        self.seed = seed
        self.versions = versions
        self.machine = machine
        self.threads = threads
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.stageTimes = stageTimes
        self.attempts = attempts
        self.resumes = resumes
        self.files = files
    }
}

/// What did the work, and what wrote the model.
public struct VersionMetrics: Codable, Hashable, Sendable {
    /// This program's.
    public var espalier: String
    /// The Keras that wrote the model, if the file says.
    public var keras: String?

    /// Makes versions.
    public init(espalier: String, keras: String?) {
        self.espalier = espalier
        self.keras = keras
    }
}

/// Where the work was done.
public struct MachineMetrics: Codable, Hashable, Sendable {
    /// The machine's name on its network.
    public var hostName: String
    /// The kernel's name and release.
    public var kernel: String
    /// The instruction set's name.
    public var architecture: String
    /// The processor's model, if the system says.
    public var processor: String?
    /// Processors the system has.
    public var processors: Int

    /// Makes a machine.
    public init(
        hostName: String,
        kernel: String,
        architecture: String,
        processor: String?,
        processors: Int
    ) {
        self.hostName = hostName
        self.kernel = kernel
        self.architecture = architecture
        self.processor = processor
        self.processors = processors
    }
}

/// How long one stage took, over all attempts.
public struct StageTimeMetrics: Codable, Hashable, Sendable {
    /// The stage.
    public var stage: String
    /// Seconds on the wall.
    public var wallSeconds: Double
    /// Seconds of all threads together.
    public var cpuSeconds: Double
    /// Steps done in that time.
    public var steps: Int

    /// Makes a time.
    public init(stage: String, wallSeconds: Double = 0, cpuSeconds: Double = 0, steps: Int = 0) {
        self.stage = stage
        self.wallSeconds = wallSeconds
        self.cpuSeconds = cpuSeconds
        self.steps = steps
    }
}

/// Where work went on after an interruption.
public struct ResumeMetrics: Codable, Hashable, Sendable {
    /// The stage of the checkpoint.
    public var stage: String
    /// The step of the stage.
    public var step: Int
    /// The steps of the stage.
    public var steps: Int
    /// Whether the newest checkpoint was damaged and the one before it was taken.
    public var isFallback: Bool
    /// When, ISO 8601 in UTC.
    public var at: String

    /// Makes a resumption.
    public init(stage: String, step: Int, steps: Int, isFallback: Bool, at: String) {
        self.stage = stage
        self.step = step
        self.steps = steps
        self.isFallback = isFallback
        self.at = at
    }
}

/// What went in and came out.
public struct FileMetrics: Codable, Hashable, Sendable {
    /// The hash of the model as dropped and as delivered.
    public var modelSha256: BeforeAfter<String>
    /// The hash of the spec as dropped.
    public var specSha256: String
    /// The data file as the spec names it.
    public var data: String
    /// The hash of the data file.
    public var dataSha256: String
    /// The length of the data file.
    public var dataBytes: Int

    /// Makes the files.
    public init(
        modelSha256: BeforeAfter<String>,
        specSha256: String,
        data: String,
        dataSha256: String,
        dataBytes: Int
    ) {
        self.modelSha256 = modelSha256
        self.specSha256 = specSha256
        self.data = data
        self.dataSha256 = dataSha256
        self.dataBytes = dataBytes
    }
}
