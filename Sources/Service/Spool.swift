import Durability
import Foundation
import HDF5

/// The folders of the daemon, all on one file system.
public struct Spool: Sendable {
    /// The folder that holds the others.
    public let root: String

    /// Names the root.
    public init(root: String) { self.root = root }

    /// Where drops arrive.
    public var inbox: String { "\(root)/inbox" }
    /// Where results are delivered.
    public var outbox: String { "\(root)/outbox" }
    /// Claimed jobs.
    public var work: String { "\(root)/work" }
    /// Drops whose job is done.
    public var done: String { "\(work)/done" }
    /// Drops whose job failed.
    public var failed: String { "\(work)/failed" }

    /// What a daemon locks for as long as it lives.
    func daemonLock(of daemon: DaemonIdentity) -> String {
        "\(work)/.daemon.\(daemon.name).lock"
    }

    /// Where data named in a spec is looked for after the spec's own folder.
    public var dataFolders: [String] { [inbox, root, "\(root)/data"] }

    /// Makes the folders that are missing.
    public func prepare(on files: any FileSystem) throws(FileSystemError) {
        for folder in [inbox, outbox, work, done, failed] { try files.makeDurableFolder(folder) }
    }

    /// The file system's time in nanoseconds, by touching a file of ours.
    public func now(on files: any FileSystem) throws(FileSystemError) -> Int64 {
        let probe = "\(work)/.clock"
        try files.touch(probe)
        return try files.status(of: probe).modifiedNanoseconds
    }

    /// Everything in the inbox; a file that goes away meanwhile is left out.
    public func inboxEntries(on files: any FileSystem) throws(FileSystemError) -> [InboxEntry] {
        var entries: [InboxEntry] = []
        for name in try files.names(in: inbox) {
            let path = "\(inbox)/\(name)"
            guard let status = try files.statusIfPresent(of: path) else { continue }
            var entry = InboxEntry(name: name, status: status)
            if status.kind == .file, DropName(name).role == .model {
                entry.header = Self.header(of: path, length: status.sizeBytes)
            }
            entries.append(entry)
        }
        return entries
    }

    /// A file that cannot be opened now counts as unfinished: it is looked at again, and claimed after the grace.
    private static func header(of path: String, length: Int) -> ModelHeader {
        guard let handle = FileHandle(forReadingAtPath: path) else { return .short }
        do {
            let bytes = try handle.read(upToCount: HDF5File.headerLength) ?? Data()
            try handle.close()
            return ModelHeader(header: Array(bytes), length: UInt64(max(length, 0)))
        } catch {
            return .short
        }
    }

    /// Puts a delivered job's folder where done or failed ones are kept.
    public func settle(
        _ job: JobFolder,
        failed isFailed: Bool,
        on files: any FileSystem
    ) throws(FileSystemError) {
        let target = isFailed ? failed : done
        try job.removeCheckpoints(on: files)
        try files.rename(job.path, to: "\(target)/\(job.identifier)")
        try files.synchronizeFolder(target)
        try files.synchronizeFolder(work)
    }

    /// The claimed jobs, in order of their names.
    public func jobs(on files: any FileSystem) throws(FileSystemError) -> [JobFolder] {
        var jobs: [JobFolder] = []
        for name in try files.names(in: work) where name.contains("~") && !name.hasPrefix(".") {
            if try files.statusIfPresent(of: "\(work)/\(name)")?.kind == .folder {
                jobs.append(JobFolder(path: "\(work)/\(name)"))
            }
        }
        return jobs
    }
}
