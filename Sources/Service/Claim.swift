import Durability

/// Takes drops out of the inbox so that each is taken once, whatever happens in between.
public struct Claim: Sendable {
    private let spool: Spool
    private let identity: DaemonIdentity
    private let files: any FileSystem

    /// Claims in a spool, for a daemon.
    public init(_ spool: Spool, identity: DaemonIdentity, files: any FileSystem) {
        self.spool = spool
        self.identity = identity
        self.files = files
    }

    /// Takes a pair; the rename of the spec is the claim.
    ///
    /// - Parameters:
    ///   - pair: The drop.
    ///   - identifier: A fresh number for the job's folder.
    /// - Returns: The job, or nil where somebody else was faster.
    /// - Throws: The file operation that failed.
    public func take(_ pair: InboxPair, identifier: UInt32) throws(FileSystemError) -> JobFolder? {
        let digits = String(identifier, radix: 16)
        let number = String(repeating: "0", count: 8 - digits.count) + digits
        let name = "\(DropName.shortened(pair.stem))~\(number).\(identity.name)"
        let job = JobFolder(path: "\(spool.work)/\(name)")
        try files.makeDurableFolder(job.drop)
        do {
            try files.touch(job.lease)
            try files.rename("\(spool.inbox)/\(pair.spec)", to: "\(job.drop)/\(pair.spec)")
        } catch  where error.isAbsent {
            // The drop is somebody else's, or so was this folder taken to be while we slept.
            do { try files.removeTree(job.path) } catch  where error.isAbsent {}
            return nil
        }
        try files.synchronizeFolder(job.drop)
        try files.synchronizeFolder(spool.inbox)
        try fetchModel(pair.model, into: job)
        return job
    }

    /// Completes what a crash left half claimed in a job that is ours by now.
    ///
    /// - Returns: Whether there is a job; a folder whose claim never happened is removed.
    public func complete(_ job: JobFolder) throws(FileSystemError) -> Bool {
        let model = try job.dropped(.model, on: files)
        guard let spec = try job.dropped(.spec, on: files) else {
            let isDelivered = try files.statusIfPresent(of: job.receipt) != nil
            if model != nil || isDelivered { return true }
            try files.removeTree(job.path)
            return false
        }
        guard model == nil else { return true }
        let stem = DropName(PathParts(spec).name).stem
        for name in try files.names(in: spool.inbox) {
            let candidate = DropName(name)
            if candidate.role == .model, candidate.stem == stem {
                try fetchModel(name, into: job)
                break
            }
        }
        return true
    }

    /// A model that is gone by now leaves a job without one, which its worker reports.
    private func fetchModel(_ name: String, into job: JobFolder) throws(FileSystemError) {
        do {
            try files.rename("\(spool.inbox)/\(name)", to: "\(job.drop)/\(name)")
        } catch  where error.isAbsent {
            return
        }
        try files.synchronizeFolder(job.drop)
        try files.synchronizeFolder(spool.inbox)
    }
}
