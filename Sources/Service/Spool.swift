import Durability
import Foundation
import HDF5
import KerasFormat

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

    /// Where data named in a spec is looked for after the spec's own folder.
    public var dataFolders: [String] { [inbox, root, "\(root)/data"] }

    /// Makes the folders that are missing.
    public func prepare(on files: RealFileSystem) throws(FileSystemError) {
        for folder in [inbox, outbox, work, done, failed] { try files.makeDurableFolder(folder) }
    }

    /// The file system's time in nanoseconds, by touching a file of ours.
    public func now(on files: RealFileSystem) throws(FileSystemError) -> Int64 {
        let probe = "\(work)/.clock"
        try files.touch(probe)
        return try files.status(of: probe).modifiedNanoseconds
    }

    /// Everything in the inbox; a file that goes away meanwhile is left out.
    public func inboxEntries(on files: RealFileSystem) throws(FileSystemError) -> [InboxEntry] {
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
            if ZipArchive.isArchive(bytes) {
                let start = max(0, length - ZipArchive.endLength)
                try handle.seek(toOffset: UInt64(start))
                let tail = try handle.readToEnd() ?? Data()
                try handle.close()
                return ZipArchive.hasEnd(tail: Array(tail)) ? .complete : .short
            }
            try handle.close()
            return ModelHeader(header: Array(bytes), length: UInt64(max(length, 0)))
        } catch {
            return .short
        }
    }

    /// The claimed jobs, in order of their names.
    public func jobs(on files: RealFileSystem) throws(FileSystemError) -> [JobFolder] {
        var jobs: [JobFolder] = []
        for name in try files.names(in: work) where name.contains("~") && !name.hasPrefix(".") {
            if try files.statusIfPresent(of: "\(work)/\(name)")?.kind == .folder {
                jobs.append(JobFolder(path: "\(work)/\(name)"))
            }
        }
        return jobs
    }
}
