import Glibc

/// What the administrator allows a job; the daemon passes it on to the worker by flags.
public struct WorkerLimits: Hashable, Sendable {
    /// Whether data files may be nowhere but in the data folders.
    public var isConfined: Bool
    /// The most threads, or nil.
    public var threads: Int?
    /// The most bytes of memory, or nil.
    public var memoryBytes: Int?
    /// How deliveries are called.
    public var layout: OutboxLayout

    /// Makes limits; without any, everything is allowed.
    public init(
        isConfined: Bool = false,
        threads: Int? = nil,
        memoryBytes: Int? = nil,
        layout: OutboxLayout = .plain
    ) {
        self.isConfined = isConfined
        self.threads = threads
        self.memoryBytes = memoryBytes
        self.layout = layout
    }

    /// The flags of `espalier work` that say the same.
    public var arguments: [String] {
        var arguments = ["--outbox-layout", layout.rawValue]
        if isConfined { arguments.append("--confined") }
        if let threads { arguments += ["--threads", "\(threads)"] }
        if let memoryBytes { arguments += ["--memory", "\(memoryBytes)"] }
        return arguments
    }

    /// The threads of a job whose spec asks for some number, or for as many as there are processors.
    public func threads(asked: Int?, processors: Int) -> Int {
        max(1, min(asked ?? processors, threads ?? Int.max))
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
