import Durability

/// Removes what the retention lets go.
struct RetentionSweep {
    let spool: Spool
    let retention: Retention
    let files: any FileSystem

    /// Looks at everything once.
    ///
    /// - Returns: The names that went, for the log.
    func run(now: Int64) throws(FileSystemError) -> [String] {
        try emptyTrash()
        var gone: [String] = []
        for (folder, age) in [
            (spool.done, retention.doneSeconds), (spool.failed, retention.failedSeconds),
        ] where age != nil {
            gone += Retention.expired(try settledJobs(in: folder), age: age, now: now)
        }
        if let age = retention.deliveredSeconds {
            gone += Retention.expired(try deliveries(), age: age, now: now)
        }
        for path in gone { try remove(path) }
        return gone
    }

    /// Jobs of which a receipt proves the delivery; one that still holds its result was not handed over.
    private func settledJobs(in folder: String) throws(FileSystemError) -> [Retention.Candidate] {
        var candidates: [Retention.Candidate] = []
        for name in try files.names(in: folder) {
            let job = JobFolder(path: "\(folder)/\(name)")
            let receipt = try files.statusIfPresent(of: job.receipt)
            let staging = try files.statusIfPresent(of: job.staging)
            let pending = try files.statusIfPresent(of: job.pendingHook)
            let isHeldBack = staging != nil || pending != nil
            candidates.append(
                Retention.Candidate(
                    path: job.path,
                    deliveredNanoseconds: isHeldBack ? nil : receipt?.modifiedNanoseconds
                )
            )
        }
        return candidates
    }

    /// Folders with checksums, which are written last; whatever else lies in the outbox is not ours.
    private func deliveries() throws(FileSystemError) -> [Retention.Candidate] {
        var candidates: [Retention.Candidate] = []
        for name in try files.names(in: spool.outbox) where !name.hasPrefix(".") {
            let path = "\(spool.outbox)/\(name)"
            guard try files.status(of: path).kind == .folder else { continue }
            let sums = try files.statusIfPresent(of: "\(path)/SHA256SUMS")
            candidates.append(
                Retention.Candidate(path: path, deliveredNanoseconds: sums?.modifiedNanoseconds)
            )
        }
        return candidates
    }

    /// Out of sight by one rename first, so that nobody ever finds a half of it.
    private func remove(_ path: String) throws(FileSystemError) {
        let trash = "\(spool.work)/.trash"
        try files.makeFolder(trash)
        let number = String(UInt64.random(in: .min ... .max), radix: 16)
        do throws(FileSystemError) {
            try files.rename(path, to: "\(trash)/\(number)")
        } catch  where error.isAbsent {
            return
        }
        try emptyTrash()
    }

    private func emptyTrash() throws(FileSystemError) {
        let trash = "\(spool.work)/.trash"
        guard try files.statusIfPresent(of: trash) != nil else { return }
        for name in try files.names(in: trash) {
            // Another daemon may be at the same.
            do throws(FileSystemError) { try files.removeTree("\(trash)/\(name)") } catch
                where error.isAbsent
            {}
        }
    }
}
