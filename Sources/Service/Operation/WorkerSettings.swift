import Glibc

/// What the administrator allows a worker; the daemon passes it on by flags.
public struct WorkerSettings: Hashable, Sendable {
    /// Where to deliver.
    public var outbox: String
    /// Where data files are looked for.
    public var dataFolders: [String]
    /// Whether data files may be nowhere else.
    public var isConfined = false
    /// The most threads, or nil.
    public var threads: Int?
    /// The most bytes of memory, or nil.
    public var memoryBytes: Int?
    /// How deliveries are called.
    public var layout = OutboxLayout.plain

    /// Makes settings.
    public init(
        outbox: String,
        dataFolders: [String],
        isConfined: Bool = false,
        threads: Int? = nil,
        memoryBytes: Int? = nil,
        layout: OutboxLayout = .plain
    ) {
        self.outbox = outbox
        self.dataFolders = dataFolders
        self.isConfined = isConfined
        self.threads = threads
        self.memoryBytes = memoryBytes
        self.layout = layout
    }

    /// The flags of `espalier work` that say the same.
    public var arguments: [String] {
        var arguments = ["--outbox", outbox, "--outbox-layout", layout.rawValue]
        for folder in dataFolders { arguments += ["--data-folder", folder] }
        if isConfined { arguments.append("--confined") }
        if let threads { arguments += ["--threads", "\(threads)"] }
        if let memoryBytes { arguments += ["--memory", "\(memoryBytes)"] }
        return arguments
    }

    /// The threads of a job whose spec asks for some number, or nil for all processors.
    ///
    /// - Parameter processors: How many there are.
    public func threads(asked: Int?, processors: Int) -> Int {
        min(asked ?? processors, threads ?? Int.max)
    }

    /// Holds this process to its memory: what it asks for beyond that is refused, and it ends.
    ///
    /// `RLIMIT_DATA` counts private writable memory, not mapped files; see `man 2 setrlimit`.
    public func limitMemory() {
        guard let memoryBytes else { return }
        var limit = rlimit(rlim_cur: rlim_t(memoryBytes), rlim_max: rlim_t(memoryBytes))
        // Refused only where a lower limit holds already.
        _ = setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit)
    }
}
