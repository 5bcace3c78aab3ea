import Durability
import Foundation
import JobFiles

/// Keeps `outbox/index.html` and `outbox/status.json` as the jobs are; each is replaced whole.
struct JobListPublisher {
    private let outbox: String
    private let files: any FileSystem
    private var listing: JobListing
    private var last: JobList?
    private var nextLook = -Double.infinity

    /// Seconds between two looks at the jobs.
    private static let pause = 1.0

    /// Prepares for a spool.
    init(_ spool: Spool, files: any FileSystem) {
        outbox = spool.outbox
        self.files = files
        listing = JobListing(spool, files: files)
    }

    /// Publishes the list where it has changed since the last time.
    ///
    /// - Parameters:
    ///   - workers: The folders of jobs that have a worker.
    ///   - seconds: A clock that only goes forward; more often than each second nothing is done.
    ///   - now: The time of day.
    /// - Throws: The file operation that failed; the next call tries again.
    mutating func publish(
        workers: [JobFolder],
        seconds: Double,
        now: Date
    ) throws(FileSystemError) {
        guard seconds >= nextLook else { return }
        nextLook = seconds + Self.pause
        let list = try listing.list(workers: workers, now: now)
        guard list.jobs != last?.jobs else { return }
        try Durability.publish(JSONText.bytes(of: list), to: "\(outbox)/status.json", on: files)
        try Durability.publish(
            Array(IndexPage(list).html.utf8),
            to: "\(outbox)/index.html",
            on: files
        )
        last = list
    }
}
