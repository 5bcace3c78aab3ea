import Durability

/// Which daemon a job belongs to: the one whose name its folder bears, as long as that daemon shows that it lives.
///
/// Taking a job over is renaming its folder. That is the fence as well: to the owner before, and to its worker, the
/// paths of the job lead nowhere from then on, so neither can deliver.
public struct JobOwnership: Sendable {
    let spool: Spool
    /// The daemon it speaks for.
    public let identity: DaemonIdentity
    let leaseSeconds: Double
    let files: any FileSystem

    /// Speaks for one daemon.
    ///
    /// - Parameters:
    ///   - spool: The folders it shares with others.
    ///   - identity: The daemon.
    ///   - leaseSeconds: Seconds without a sign of life after which a daemon of another host is taken to be dead.
    ///   - files: The file system.
    public init(
        spool: Spool,
        identity: DaemonIdentity,
        leaseSeconds: Double,
        files: any FileSystem
    ) {
        self.spool = spool
        self.identity = identity
        self.leaseSeconds = leaseSeconds
        self.files = files
    }

    /// Locks what shows to others of this host that this daemon lives; to be held for as long as it does.
    public func lockOfDaemon() throws(JobLockError) -> any FileLock {
        try files.lock(spool.daemonLock(of: identity))
    }

    /// Shows that a job's owner lives.
    ///
    /// - Returns: False where the job is no longer ours.
    public func renew(_ job: JobFolder) throws(FileSystemError) -> Bool {
        do {
            try files.touch(job.lease)
            return true
        } catch  where error.isAbsent {
            return false
        }
    }

    /// Lets a job go, so that whoever comes next need not wait.
    public func release(_ job: JobFolder) throws(FileSystemError) {
        do {
            try files.rename(job.path, to: "\(spool.work)/\(job.identifier)")
        } catch  where error.isAbsent {
            // Somebody else has it by now.
        }
    }

    /// Takes over every job that nobody is at.
    public func takeOver() throws(FileSystemError) -> [JobFolder] {
        var taken: [JobFolder] = []
        for job in try spool.jobs(on: files) where job.owner != identity {
            if let owner = job.owner, try isAlive(owner, at: job) { continue }
            if let job = try take(job) { taken.append(job) }
        }
        return taken
    }

    /// The folder of a job under our name, or nil where somebody was faster.
    private func take(_ job: JobFolder) throws(FileSystemError) -> JobFolder? {
        let own = JobFolder(path: "\(spool.work)/\(job.identifier).\(identity.name)")
        do {
            try files.rename(job.path, to: own.path)
        } catch  where error.isAbsent {
            return nil
        }
        try files.touch(own.lease)
        try files.synchronizeFolder(spool.work)
        // The worker before may still hold the old lock file; what it writes from now on leads nowhere.
        if try files.statusIfPresent(of: own.lock) != nil { try files.removeFile(own.lock) }
        try removeStaleTemporaries(in: own.path, on: files)
        return own
    }

    /// A daemon of this host shows at once that it is dead; one of another host, or one that sleeps, by its lease.
    private func isAlive(
        _ owner: DaemonIdentity,
        at job: JobFolder
    ) throws(FileSystemError) -> Bool {
        if owner.host == identity.host {
            guard try isLocked(owner) else { return false }
        }
        return try hasLease(job)
    }

    /// Whether a daemon of this host holds its lock; one whose lock file is gone ended in order.
    private func isLocked(_ owner: DaemonIdentity) throws(FileSystemError) -> Bool {
        let path = spool.daemonLock(of: owner)
        guard try files.statusIfPresent(of: path) != nil else { return false }
        do throws(JobLockError) {
            try files.lock(path).release()
        } catch {
            switch error {
            case .held: return true
            case .failed(let error): throw error
            }
        }
        do {
            try files.removeFile(path)
        } catch  where error.isAbsent {
            // Another daemon found out as well.
        }
        return false
    }

    /// Whether the lease is younger than allowed, by the file system's own clock.
    private func hasLease(_ job: JobFolder) throws(FileSystemError) -> Bool {
        do {
            // Opening it makes a network file system ask its server for the true time of the last touch.
            _ = try files.read(job.lease, limit: 64)
            let touched = try files.status(of: job.lease).modifiedNanoseconds
            return Double(try spool.now(on: files) - touched) / 1e9 < leaseSeconds
        } catch  where error.isAbsent {
            return false
        }
    }
}
