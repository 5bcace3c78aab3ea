import Durability
import JobFiles

/// Hands a result over: a folder that appears in the outbox complete, by one rename, or not at all.
public struct Delivery: Sendable {
    private let job: JobFolder
    private let outbox: String
    private let files: any FileSystem
    /// What goes in front of the delivery's name.
    private let prefix: String

    /// Under which name a job was delivered.
    private struct Receipt: Codable {
        /// The name of the drop; the job's folder may be called otherwise.
        var stem: String
        var name: String
        var isFailure: Bool
    }

    /// Delivers from a job's folder.
    ///
    /// - Parameters:
    ///   - job: The job.
    ///   - outbox: Where to.
    ///   - files: Where both are.
    ///   - prefix: What goes in front of the delivery's name (``OutboxLayout``).
    public init(
        _ job: JobFolder,
        outbox: String,
        files: any FileSystem,
        prefix: String = ""
    ) {
        self.job = job
        self.outbox = outbox
        self.files = files
        self.prefix = prefix
    }

    /// Finishes a delivery that a crash interrupted.
    ///
    /// - Returns: The delivered folder and whether it tells of a failure, or nil where none was complete.
    public func resume() throws(FileSystemError) -> (path: String, isFailure: Bool)? {
        guard try files.statusIfPresent(of: job.receipt) != nil else { return nil }
        let bytes = try files.read(job.receipt, limit: 4096)
        guard let receipt = try? JSONText.value(Receipt.self, from: bytes) else {
            // Published whole; other bytes were written by somebody else, and the job is simply done again.
            return nil
        }
        guard try files.statusIfPresent(of: job.staging) != nil else {
            return ("\(outbox)/\(receipt.name)", receipt.isFailure)
        }
        return (try handOver(stem: receipt.stem, failed: receipt.isFailure), receipt.isFailure)
    }

    /// Writes the files of a result and hands them over.
    ///
    /// - Parameters:
    ///   - contents: Names, at most one folder deep, and bytes; the checksums are added.
    ///   - stem: The name of the drop.
    ///   - failed: Whether it tells of a failure.
    /// - Returns: The delivered folder.
    /// - Throws: The file operation that failed.
    public func deliver(
        _ contents: [(name: String, bytes: [UInt8])],
        stem: String,
        failed: Bool
    ) throws(FileSystemError) -> String {
        if try files.statusIfPresent(of: job.receipt) != nil { try files.removeFile(job.receipt) }
        if try files.statusIfPresent(of: job.staging) != nil { try files.removeTree(job.staging) }
        // Not the folders on the way: a job that was taken over must not come back by a late delivery.
        try files.makeFolder(job.staging)
        try files.synchronizeFolder(job.path)
        let sums = contents.map { "\(SHA256.hash($0.bytes))  \($0.name)\n" }.joined()
        let whole = contents + [("SHA256SUMS", Array(sums.utf8))]
        try files.writeFiles(whole, in: job.staging)
        return try handOver(stem: stem, failed: failed)
    }

    private func handOver(stem: String, failed: Bool) throws(FileSystemError) -> String {
        var attempt = 1
        while true {
            let name = prefix + DropName.delivery(of: stem, failed: failed, attempt: attempt)
            let isTaken = try files.statusIfPresent(of: "\(outbox)/\(name)") != nil
            if !isTaken {
                let receipt = Receipt(stem: stem, name: name, isFailure: failed)
                try publish(JSONText.bytes(of: receipt), to: job.receipt, on: files)
                do {
                    try files.rename(job.staging, to: "\(outbox)/\(name)")
                    try files.synchronizeFolder(outbox)
                    return "\(outbox)/\(name)"
                } catch  where error.isTaken {
                    // Somebody took the name since; the next one is tried.
                }
            }
            attempt += 1
        }
    }

    /// The files of a failure: for programs, for people, and the spec and log as they are.
    public func deliver(
        _ failure: JobFailure,
        stem: String,
        spec: String?
    ) throws(FileSystemError)
        -> String
    {
        let largest = 1 << 20
        var attachments: [(name: String, bytes: [UInt8])] = []
        for path in [spec, job.log].compactMap({ $0 }) {
            guard let status = try files.statusIfPresent(of: path), status.kind == .file,
                status.sizeBytes <= largest
            else { continue }
            attachments.append((PathParts(path).name, try files.read(path, limit: largest)))
        }
        let log = attachments.first { $0.name == PathParts(job.log).name }?.bytes ?? []
        let report = FailureReport(
            name: stem,
            failure: failure,
            progress: try progress(),
            log: String(decoding: log, as: UTF8.self)
        )
        let contents: [(name: String, bytes: [UInt8])] = [
            ("failure.json", JSONText.bytes(of: failure)),
            ("failure.md", Array(report.markdown.utf8)), ("report.html", Array(report.html.utf8)),
        ]
        return try deliver(contents + attachments, stem: stem, failed: true)
    }

    /// How far the job got, where a worker has said so in words of this version.
    private func progress() throws(FileSystemError) -> JobProgress? {
        guard try files.statusIfPresent(of: job.status) != nil else { return nil }
        do {
            return try JSONText.value(
                JobProgress.self,
                from: try files.read(job.status, limit: 1 << 20)
            )
        } catch let error as FileSystemError {
            throw error
        } catch {
            return nil
        }
    }
}
