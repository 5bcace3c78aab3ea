import Durability
import Foundation

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
    private let process = Process()
    private var lastStatus: FileStatus?
    private var lastProgress: ContinuousClock.Instant
    private(set) var wasKilled = false

    init(_ job: JobFolder) throws {
        self.job = job
        lastProgress = ContinuousClock.now
        // The file this very process was started from, even if it was replaced on disk since.
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe")
        process.arguments = ["work", job.path]
        try process.run()
    }

    /// How the worker ended, or nil while it runs.
    var ending: Ending? {
        guard !process.isRunning else { return nil }
        process.waitUntilExit()
        let status = process.terminationStatus
        guard process.terminationReason == .exit else { return .died("signal \(status)") }
        switch status {
        case 0: return .done
        case 1: return .failed
        case Supervisor.laterStatus: return .later
        case let status: return .died("status \(status)")
        }
    }

    /// Asks the worker to stop at its next step.
    func askToStop() { process.terminate() }

    /// Ends the worker at once; its job loses what it did since the last checkpoint.
    func kill() {
        wasKilled = true
        Foundation.kill(process.processIdentifier, SIGKILL)
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
