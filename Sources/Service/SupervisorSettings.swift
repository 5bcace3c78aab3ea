/// How a daemon behaves, with every default filled in.
public struct SupervisorSettings: Hashable, Sendable {
    /// Seconds after which the inbox is looked at even if nothing hinted at a change.
    public var pollSeconds = 10.0
    /// Seconds a drop must lie unchanged.
    public var settleSeconds = 2.0
    /// Seconds a model that is shorter than it says is waited for.
    public var graceSeconds = 600.0
    /// Jobs worked on at a time.
    public var concurrency = 1
    /// Seconds without progress after which a worker is taken to hang, and killed.
    public var stallSeconds = 3600.0
    /// Seconds without a sign of life after which another host's daemon is taken to be dead.
    ///
    /// Longer than a network file system keeps attributes (NFS: 60 s), and than a suspended machine sleeps.
    public var leaseSeconds = 120.0
    /// Seconds a job rests after a full disk, another's lock or an unreadable folder.
    public var restSeconds = 30.0

    /// Makes the default settings.
    public init() {}
}
