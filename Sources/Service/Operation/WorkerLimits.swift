/// What the administrator allows a job; the daemon passes it on to the worker by flags.
public struct WorkerLimits: Hashable, Sendable {
    /// Whether data files may be nowhere but in the data folders.
    public var isConfined: Bool
    /// The most threads, or nil.
    public var threads: Int?
    /// How deliveries are called.
    public var layout: OutboxLayout

    /// Makes limits; without any, everything is allowed.
    public init(
        isConfined: Bool = false,
        threads: Int? = nil,
        layout: OutboxLayout = .plain
    ) {
        self.isConfined = isConfined
        self.threads = threads
        self.layout = layout
    }

    /// The flags of `espalier work` that say the same.
    public var arguments: [String] {
        var arguments = ["--outbox-layout", layout.rawValue]
        if isConfined { arguments.append("--confined") }
        if let threads { arguments += ["--threads", "\(threads)"] }
        return arguments
    }

    /// The threads of a job whose spec asks for some number, or for as many as there are processors.
    public func threads(asked: Int?, processors: Int) -> Int {
        max(1, min(asked ?? processors, threads ?? Int.max))
    }
}
