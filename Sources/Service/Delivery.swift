import Durability
import Foundation

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
        guard let receipt = try? JSONDecoder().decode(Receipt.self, from: Data(bytes)) else {
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
    ///   - contents: Names and bytes; the checksums are added.
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
        var sums = ""
        for (name, bytes) in contents {
            try write(bytes, as: name)
            sums += "\(SHA256.hash(bytes))  \(name)\n"
        }
        try write(Array(sums.utf8), as: "SHA256SUMS")
        try files.synchronizeFolder(job.staging)
        return try handOver(stem: stem, failed: failed)
    }

    private func write(_ bytes: [UInt8], as name: String) throws(FileSystemError) {
        let path = "\(job.staging)/\(name)"
        try files.writeNew(bytes, to: path)
        try files.synchronizeFile(path)
    }

    private func handOver(stem: String, failed: Bool) throws(FileSystemError) -> String {
        var attempt = 1
        while true {
            let name = prefix + DropName.delivery(of: stem, failed: failed, attempt: attempt)
            let isTaken = try files.statusIfPresent(of: "\(outbox)/\(name)") != nil
            if !isTaken {
                let receipt = Receipt(stem: stem, name: name, isFailure: failed)
                try publish(Self.json(receipt), to: job.receipt, on: files)
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
        var context = ""
        for (key, value) in failure.context.sorted(by: { $0.key < $1.key }) {
            context += "- \(key): \(value)\n"
        }
        let text = """
            # \(stem) could not be compressed

            \(failure.message)

            What to do: \(failure.hint)

            Code: `\(failure.code)`
            \(context)
            """
        var contents: [(name: String, bytes: [UInt8])] = [
            ("failure.json", Self.json(failure)), ("failure.md", Array(text.utf8)),
        ]
        let largest = 1 << 20
        for path in [spec, job.log].compactMap({ $0 }) {
            guard let status = try files.statusIfPresent(of: path), status.kind == .file,
                status.sizeBytes <= largest
            else { continue }
            contents.append((PathParts(path).name, try files.read(path, limit: largest)))
        }
        return try deliver(contents, stem: stem, failed: true)
    }

    /// A value as JSON for programs: sorted keys, so that equal values give equal bytes.
    static func json(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        do {
            return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
        } catch {
            preconditionFailure("a value of ours cannot be encoded: \(error)")
        }
    }
}
