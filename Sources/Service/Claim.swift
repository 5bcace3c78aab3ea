import Durability

/// Takes drops out of the inbox so that each is taken once, whatever happens in between.
public struct Claim: Sendable {
    private let spool: Spool
    private let files: RealFileSystem

    /// Claims in a spool.
    public init(_ spool: Spool, files: RealFileSystem) {
        self.spool = spool
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
        let job = JobFolder(path: "\(spool.work)/\(DropName.shortened(pair.stem))~\(number)")
        try files.makeDurableFolder(job.drop)
        do {
            try files.rename("\(spool.inbox)/\(pair.spec)", to: "\(job.drop)/\(pair.spec)")
        } catch  where error.isAbsent {
            try files.removeTree(job.path)
            return nil
        }
        try files.synchronizeFolder(job.drop)
        try fetchModel("\(pair.model)", into: job)
        return job
    }

    /// Completes what a crash left half claimed.
    ///
    /// - Returns: The jobs to go on with; a folder whose claim never happened is removed.
    public func recover() throws(FileSystemError) -> [JobFolder] {
        var jobs: [JobFolder] = []
        for job in try spool.jobs(on: files) {
            let isDelivered = try files.statusIfPresent(of: job.receipt) != nil
            guard let spec = try job.dropped(.spec, on: files) else {
                let model = try job.dropped(.model, on: files)
                if model == nil, !isDelivered {
                    try files.removeTree(job.path)
                } else {
                    jobs.append(job)
                }
                continue
            }
            if try job.dropped(.model, on: files) == nil {
                let stem = DropName(PathParts(spec).name).stem
                for name in try files.names(in: spool.inbox) {
                    let candidate = DropName(name)
                    if candidate.role == .model, candidate.stem == stem {
                        try fetchModel(name, into: job)
                        break
                    }
                }
            }
            jobs.append(job)
        }
        return jobs
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
