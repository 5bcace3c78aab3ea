import Durability
import Foundation
import JobFiles

/// Looks through a spool and says what has become of every job.
public struct JobListing {
    private let spool: Spool
    private let files: any FileSystem
    /// What was read of delivered folders; they do not change once they are there.
    private var delivered: [String: (status: FileStatus, entry: JobList.Entry)] = [:]

    /// The newest deliveries are listed, at most so many.
    public static let mostDelivered = 200
    /// A job whose status is newer than this is at work, whoever does it.
    private static let silenceSeconds = 60.0
    private static let largestMetrics = 1 << 26

    /// Prepares for a spool.
    public init(_ spool: Spool, files: any FileSystem) {
        self.spool = spool
        self.files = files
    }

    /// All jobs as they are now.
    ///
    /// - Parameters:
    ///   - workers: The folders of jobs that surely have a worker.
    ///   - now: The time.
    /// - Returns: Jobs at work, waiting ones, then those delivered, the newest first.
    /// - Throws: The file operation that failed.
    public mutating func list(
        workers: [JobFolder] = [],
        now: Date
    ) throws(FileSystemError) -> JobList {
        var (running, waiting): ([JobList.Entry], [JobList.Entry]) = ([], [])
        for job in try spool.jobs(on: files) {
            let entry = try entry(of: job, isAtWork: workers.contains(job), now: now)
            if entry.state == .running { running.append(entry) } else { waiting.append(entry) }
        }
        waiting += try drops().map { JobList.Entry(name: $0, state: .waiting) }
        return JobList(
            updatedAt: now.formatted(.iso8601),
            jobs: running + waiting + (try deliveries())
        )
    }

    private func entry(
        of job: JobFolder,
        isAtWork: Bool,
        now: Date
    ) throws(FileSystemError) -> JobList.Entry {
        var entry = JobList.Entry(name: job.stem, state: isAtWork ? .running : .waiting)
        if !isAtWork, try job.isPaused(on: files) { entry.state = .paused }
        guard let status = try files.statusIfPresent(of: job.status),
            let progress = read(JobProgress.self, job.status)
        else { return entry }
        let silence = now.timeIntervalSince(Self.date(status.modifiedNanoseconds))
        if silence < Self.silenceSeconds, entry.state != .paused { entry.state = .running }
        entry.changedAt = progress.updatedAt
        entry.progress = progress
        return entry
    }

    /// The names of drops that are whole.
    private func drops() throws(FileSystemError) -> [String] {
        let names = try files.names(in: spool.inbox).map(DropName.init)
        let models = Set(names.filter { $0.role == .model }.map(\.stem))
        return names.filter { $0.role == .spec && models.contains($0.stem) }.map(\.stem).sorted()
    }

    private mutating func deliveries() throws(FileSystemError) -> [JobList.Entry] {
        var found: [(time: Int64, name: String)] = []
        for name in try files.names(in: spool.outbox) where !name.hasPrefix(".") {
            guard let status = try files.statusIfPresent(of: "\(spool.outbox)/\(name)"),
                status.kind == .folder
            else { continue }
            if delivered[name]?.status != status {
                delivered[name] = (status, try delivery(name, at: status.modifiedNanoseconds))
            }
            found.append((status.modifiedNanoseconds, name))
        }
        let names = Set(found.map(\.name))
        delivered = delivered.filter { names.contains($0.key) }
        let newest = found.sorted { (-$0.time, $0.name) < (-$1.time, $1.name) }
        return newest.prefix(Self.mostDelivered).compactMap { delivered[$0.name]?.entry }
    }

    private func delivery(
        _ name: String,
        at nanoseconds: Int64
    ) throws(FileSystemError) -> JobList.Entry {
        let folder = "\(spool.outbox)/\(name)"
        let failure = read(JobFailure.self, "\(folder)/failure.json")
        let hasReport = try files.statusIfPresent(of: "\(folder)/report.html") != nil
        return JobList.Entry(
            name: name,
            state: failure == nil ? .done : .failed,
            changedAt: Self.date(nanoseconds).formatted(.iso8601),
            result: failure == nil ? summary(folder) : nil,
            failure: failure,
            report: hasReport ? "\(name)/report.html" : nil
        )
    }

    private func summary(_ folder: String) -> JobSummary? {
        read(JobSummary.Source.self, "\(folder)/metrics.json").map(JobSummary.init)
            ?? read(ComparisonMetrics.self, "\(folder)/comparison.json").flatMap(JobSummary.init)
    }

    /// A file's value; nil where it is gone, or not of this version: the job is listed without it.
    private func read<Value: Decodable>(_ type: Value.Type, _ path: String) -> Value? {
        do {
            return try JSONText.value(type, from: try files.read(path, limit: Self.largestMetrics))
        } catch {
            return nil
        }
    }

    private static func date(_ nanoseconds: Int64) -> Date {
        Date(timeIntervalSince1970: Double(nanoseconds) / 1e9)
    }
}
