import Durability
import Foundation
import JobFiles

/// One worker process and the job it is at.
final class WorkerProcess {
    /// How a worker ended.
    enum Ending: Equatable {
        /// The result is in the outbox.
        case done
        /// A failure is in the outbox.
        case failed
        /// The job is to be tried again later, from its last checkpoint.
        case later
        /// The worker died, or could not even say what went wrong.
        case died(String)
    }

    let job: JobFolder
    private let process: ChildProcess
    private var lastStatus: FileStatus?
    private var lastProgress: ContinuousClock.Instant
    private(set) var wasKilled = false
    /// What it is delivered as failed for, once it has ended.
    private(set) var verdict: JobFailure?

    /// Starts a worker with what the administrator allows it, as flags of `espalier work`.
    init(_ job: JobFolder, arguments: [String]) throws(ChildProcess.StartError) {
        self.job = job
        lastProgress = ContinuousClock.now
        process = try ChildProcess(
            // The file this very process was started from, even if it was replaced on disk since.
            "/proc/self/exe",
            arguments: ["espalier", "work", job.path] + arguments,
            // The daemon says where the result is.
            isSilent: true
        )
    }

    /// How the worker ended, or nil while it runs.
    var ending: Ending? {
        switch process.ending {
        case nil: nil
        case .signal(let number): .died("signal \(number)")
        case .exit(0): .done
        case .exit(1): .failed
        case .exit(Supervisor.laterStatus): .later
        case .exit(let status): .died("status \(status)")
        }
    }

    /// Asks the worker to stop at its next step.
    func askToStop() { process.signal(SIGTERM) }

    /// Ends the worker at once; its job loses what it did since the last checkpoint.
    func kill() {
        wasKilled = true
        process.signal(SIGKILL)
    }

    /// Ends the worker at once, and its job with it.
    func kill(for failure: JobFailure) {
        verdict = failure
        kill()
    }

    /// The bytes of memory it has now, or nil where it has ended.
    ///
    /// The second number of `/proc/PID/statm`, in pages; see `man 5 proc`.
    var residentBytes: Int? {
        let path = "/proc/\(process.identifier)/statm"
        guard let text = try? String(contentsOfFile: path, encoding: .ascii) else { return nil }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return pages.map { $0 * Int(getpagesize()) }
    }

    /// How long the worker has reported nothing new.
    func silence(on files: any FileSystem) throws(FileSystemError) -> Duration {
        let status = try files.statusIfPresent(of: job.status)
        if status != lastStatus {
            lastStatus = status
            lastProgress = ContinuousClock.now
        }
        return ContinuousClock.now - lastProgress
    }
}
