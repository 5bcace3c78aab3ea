import Durability
import JobFiles

/// Finds the rank of drops and jobs; a spec that has not changed is read once.
struct JobRanking {
    let files: any FileSystem
    private var priorities: [UInt64: (status: FileStatus, priority: Int)] = [:]

    init(files: any FileSystem) { self.files = files }

    /// The rank of a drop in the inbox.
    mutating func rank(of pair: InboxPair, in inbox: String) -> JobRank {
        rank(spec: "\(inbox)/\(pair.spec)", model: "\(inbox)/\(pair.model)", name: pair.stem)
    }

    /// The rank of a claimed job; the time is that of the claim, which went by rank too.
    mutating func rank(of job: JobFolder) -> JobRank {
        do throws(FileSystemError) {
            let names = try files.names(in: job.drop)
            let spec = names.first { DropName($0).role == .spec }.map { "\(job.drop)/\($0)" }
            return rank(spec: spec, model: job.drop, name: job.identifier)
        } catch {
            return JobRank(priority: 0, arrivedNanoseconds: .min, name: job.identifier)
        }
    }

    /// What cannot be looked at now comes first: whoever begins it finds out why.
    private mutating func rank(spec: String?, model: String, name: String) -> JobRank {
        do throws(FileSystemError) {
            let arrived = try files.status(of: model).changedNanoseconds
            guard let spec else {
                return JobRank(priority: 0, arrivedNanoseconds: arrived, name: name)
            }
            let status = try files.status(of: spec)
            let priority = try priority(of: spec, status)
            return JobRank(
                priority: priority,
                arrivedNanoseconds: max(arrived, status.changedNanoseconds),
                name: name
            )
        } catch {
            return JobRank(priority: 0, arrivedNanoseconds: .min, name: name)
        }
    }

    private mutating func priority(
        of spec: String,
        _ status: FileStatus
    ) throws(FileSystemError) -> Int {
        if let known = priorities[status.inode], known.status == status { return known.priority }
        let text = try files.read(spec, limit: JobSpec.longestText)
        let priority = JobSpec.priority(in: String(decoding: text, as: UTF8.self))
        if priorities.count > 10_000 { priorities.removeAll() }
        priorities[status.inode] = (status, priority)
        return priority
    }
}

extension JobSpec {
    /// The priority a spec asks for; one with faults has none, and fails when its turn comes.
    static func priority(in text: String) -> Int {
        do {
            return try parse(text).priority
        } catch {
            return 0
        }
    }
}
