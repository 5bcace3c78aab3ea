import Durability
import Logging

extension Supervisor {
    /// Does what the owner of a job wants; a wish about no job goes out of the way of a later drop.
    func fulfil(_ wish: InboxWish, _ decision: InboxDecision) throws(FileSystemError) {
        let file = "\(spool.inbox)/\(wish.file)"
        let isDone: Bool
        do {
            switch wish.wish {
            case .cancel: isDone = try mark(wish, decision, as: \.cancellation, from: file)
            case .pause: isDone = try mark(wish, decision, as: \.pause, from: file)
            case .resume: isDone = try resume(wish, file)
            case .retry: isDone = try retry(wish, file)
            }
        } catch  where error.isAbsent {
            // Another daemon of the same root has taken the wish.
            return
        }
        if isDone { return notePaused() }
        let halves = decision.lone + decision.arriving
        guard !halves.contains(where: { DropName($0).stem == wish.stem }) else { return }
        try files.rename(file, to: "\(spool.failed)/\(wish.file)")
        log.notice("\(wish.file): there is no such job")
    }

    /// The jobs that are not delivered yet, of a name with or without its number.
    private func jobs(named name: String) throws(FileSystemError) -> [JobFolder] {
        let short = DropName.shortened(name)
        return try spool.jobs(on: files).filter { $0.stem == short || $0.identifier == name }
    }

    /// Moves the wish into the job, where whoever is at it finds it; a drop is claimed for that.
    private func mark(
        _ wish: InboxWish,
        _ decision: InboxDecision,
        as place: KeyPath<JobFolder, String>,
        from file: String
    ) throws(FileSystemError) -> Bool {
        var job = try jobs(named: wish.stem).first
        let pairs = decision.ready + decision.waiting
        if job == nil, let pair = pairs.first(where: { $0.stem == wish.stem }) {
            ready.removeAll { $0 == pair }
            job = try claim(pair)
            if job == nil { return true }
        }
        guard let job else { return false }
        try files.rename(file, to: job[keyPath: place])
        try files.synchronizeFolder(job.path)
        wake(job)
        report(job, "\(wish.wish) asked for", level: .notice)
        return true
    }

    private func resume(_ wish: InboxWish, _ file: String) throws(FileSystemError) -> Bool {
        for job in try jobs(named: wish.stem) where try job.isPaused(on: files) {
            try files.removeFile(job.pause)
            try files.synchronizeFolder(job.path)
            wake(job)
            report(job, "resume asked for", level: .notice)
            try files.removeFile(file)
            return true
        }
        return false
    }

    /// A job that rests begins at once, with all its attempts; one that failed comes back from where failed ones are kept.
    private func retry(_ wish: InboxWish, _ file: String) throws(FileSystemError) -> Bool {
        if let job = try jobs(named: wish.stem).first {
            try job.setAttemptCount(0, on: files)
            wake(job)
            report(job, "retry asked for", level: .notice)
            try files.removeFile(file)
            return true
        }
        guard let job = try lastFailed(wish.stem) else { return false }
        try job.makeFresh(on: files)
        try files.rename(job.path, to: "\(spool.work)/\(job.identifier)")
        try files.synchronizeFolder(spool.work)
        try files.synchronizeFolder(spool.failed)
        report(job, "retry asked for", level: .notice)
        try files.removeFile(file)
        takeOverJobs()
        return true
    }

    private func lastFailed(_ name: String) throws(FileSystemError) -> JobFolder? {
        let short = DropName.shortened(name)
        var last: (job: JobFolder, time: Int64)?
        for entry in try files.names(in: spool.failed) {
            let job = JobFolder(path: "\(spool.failed)/\(entry)")
            let status = try files.status(of: job.path)
            guard status.kind == .folder, job.stem == short || job.identifier == name,
                status.changedNanoseconds > last?.time ?? .min
            else { continue }
            last = (job, status.changedNanoseconds)
        }
        return last?.job
    }

    private func wake(_ job: JobFolder) {
        for index in queue.indices where queue[index].job == job { queue[index].notBefore = .now }
    }

    /// Finds out who is paused, and asks the workers of paused jobs to stop at their next step.
    func notePaused() {
        do throws(FileSystemError) {
            var found: Set<String> = []
            for job in workers.map(\.job) + queue.map(\.job) where try job.isPaused(on: files) {
                found.insert(job.identifier)
            }
            for worker in workers
            where found.contains(worker.job.identifier) && !paused.contains(worker.job.identifier) {
                worker.askToStop()
            }
            paused = found
        } catch {
            tell("cannot look for paused jobs: \(error)", level: .error)
        }
    }
}
