import Durability
import JobFiles

/// A claimed job on disk: `NAME~ID.OWNER/` with the drop in `drop/` and everything the worker needs beside it.
///
/// A folder without owner is free to be taken over (``JobOwnership``).
public struct JobFolder: Hashable, Sendable {
    /// The folder.
    public let path: String

    /// Names the folder.
    public init(path: String) { self.path = path }

    /// What stays the same whoever owns the job, `NAME~ID`.
    public var identifier: String { parts.identifier }

    /// The daemon at the job, or nil where it is free.
    public var owner: DaemonIdentity? { parts.owner }

    private var parts: (identifier: String, owner: DaemonIdentity?) {
        let name = PathParts(path).name
        guard let tilde = name.lastIndex(of: "~"), let dot = name[tilde...].firstIndex(of: "."),
            let owner = DaemonIdentity(name: name[name.index(after: dot)...])
        else { return (name, nil) }
        return (String(name[..<dot]), owner)
    }

    /// The name of the drop.
    public var stem: String {
        identifier.lastIndex(of: "~").map { String(identifier[..<$0]) } ?? identifier
    }

    /// The model and the spec as they were dropped.
    public var drop: String { "\(path)/drop" }
    /// Touched by the owner as a sign of life.
    public var lease: String { "\(path)/lease" }
    /// What ``JobLock`` locks.
    public var lock: String { "\(path)/lock" }
    /// How many attempts began without getting further.
    public var attempts: String { "\(path)/attempts" }
    /// How many such attempts the spec allows, written once the spec is read.
    public var attemptLimit: String { "\(path)/attempt-limit" }
    /// The user's `NAME.cancel`, moved here.
    public var cancellation: String { "\(path)/cancel" }
    /// How far the job is.
    public var status: String { "\(path)/status.json" }
    /// What happened, line by line.
    public var log: String { "\(path)/job.log" }
    /// The students that are done, of a job with several.
    public var students: String { "\(path)/students" }
    /// The result while it is being written.
    public var staging: String { "\(path)/delivery" }
    /// Under which name the result is delivered, written when it is complete.
    public var receipt: String { "\(path)/receipt.json" }

    /// The dropped file of a role, or nil where it is not there.
    public func dropped(
        _ role: DropRole,
        on files: any FileSystem
    ) throws(FileSystemError)
        -> String?
    {
        guard try files.statusIfPresent(of: drop) != nil else { return nil }
        return try files.names(in: drop).first { DropName($0).role == role }
            .map { "\(drop)/\($0)" }
    }

    /// How far the job is, or nil where no worker has said so yet.
    public func progress(on files: any FileSystem) throws -> JobProgress? {
        guard try files.statusIfPresent(of: status) != nil else { return nil }
        let bytes = try files.read(status, limit: 1 << 20)
        return try JSONText.value(JobProgress.self, from: bytes)
    }

    /// The number of attempts that began since the last progress.
    public func attemptCount(on files: any FileSystem) throws(FileSystemError) -> Int {
        try number(in: attempts, on: files) ?? 0
    }

    /// The attempts the spec allows, or nil where no worker has got as far as reading it.
    public func attemptLimit(on files: any FileSystem) throws(FileSystemError) -> Int? {
        try number(in: attemptLimit, on: files)
    }

    private func number(
        in path: String,
        on files: any FileSystem
    ) throws(FileSystemError) -> Int? {
        guard try files.statusIfPresent(of: path) != nil else { return nil }
        let bytes = try files.read(path, limit: 64)
        return Int(String(decoding: bytes, as: UTF8.self).filter(\.isNumber))
    }

    /// Writes the number of attempts the spec allows.
    public func setAttemptLimit(_ count: Int, on files: any FileSystem) throws(FileSystemError) {
        try publish(Array("\(count)\n".utf8), to: attemptLimit, on: files)
    }

    /// Removes what only a resumed worker would need; the drop, the log and the receipt stay.
    ///
    /// Must not fail a job that is delivered: what is left over costs space, nothing else.
    public func removeCheckpoints(on files: any FileSystem) throws(FileSystemError) {
        for name in try files.names(in: path) where name.hasPrefix("checkpoint.") {
            try files.removeFile("\(path)/\(name)")
        }
        if try files.statusIfPresent(of: students) != nil { try files.removeTree(students) }
    }

    /// Writes the number of attempts.
    public func setAttemptCount(_ count: Int, on files: any FileSystem) throws(FileSystemError) {
        try publish(Array("\(count)\n".utf8), to: attempts, on: files)
    }
}
