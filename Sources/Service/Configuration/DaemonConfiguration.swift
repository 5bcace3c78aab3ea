/// Everything an administrator can set, with every default filled in.
///
/// Each key is described once, in ``ConfigurationKey``; `espalier.yaml(5)` and `espalier serve --help` show the same words.
public struct DaemonConfiguration: Hashable, Sendable {
    /// The folder of inbox, outbox and state.
    public var root = "."
    /// The inbox, relative to the root.
    public var inbox = "inbox"
    /// The outbox, relative to the root.
    public var outbox = "outbox"
    /// Claimed jobs, checkpoints and finished drops, relative to the root.
    public var state = "work"
    /// The only folders data files may be in, relative to the root; none for no such limit.
    public var dataFolders: [String] = []
    /// The most threads of one job; 0 for as many as its spec asks for.
    public var threads = 0
    /// The most bytes of memory of one job; 0 for no limit.
    public var memoryBytes = 0
    /// How deliveries are called.
    public var outboxLayout = OutboxLayout.plain
    /// A program that is told of each delivery, or nothing.
    public var onDelivery = ""
    /// Seconds after which that program is ended.
    public var onDeliverySeconds = 60.0
    /// Where the metrics go, relative to the outbox.
    public var metrics = "espalier.prom"
    /// What is kept, and how long.
    public var retention = Retention()
    /// How the daemon works.
    public var settings = SupervisorSettings()

    /// Makes the defaults.
    public init() {}

    /// A path of the configuration in full: what is relative is under the root.
    public func path(_ text: String) -> String {
        text.hasPrefix("/") ? text : "\(root)/\(text)"
    }

    /// The metrics file in full.
    public var metricsPath: String {
        metrics.hasPrefix("/") ? metrics : "\(path(outbox))/\(metrics)"
    }

    /// The folders it names.
    public var spool: Spool {
        Spool(root: root, inbox: path(inbox), outbox: path(outbox), work: path(state))
    }

    /// The flags of `espalier work` that say the same to each worker.
    public var workerArguments: [String] {
        let folders = dataFolders.isEmpty ? spool.dataFolders : dataFolders.map(path)
        let limits = WorkerLimits(
            isConfined: true,
            threads: threads > 0 ? threads : nil,
            layout: outboxLayout
        )
        return ["--outbox", spool.outbox] + folders.flatMap { ["--data-folder", $0] }
            + limits.arguments
    }

    /// What is told of each delivery, or nil.
    public var hook: DeliveryHook? {
        onDelivery.isEmpty
            ? nil : DeliveryHook(program: onDelivery, limitSeconds: onDeliverySeconds)
    }
}
