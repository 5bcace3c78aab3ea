import Durability
import Foundation
import Glibc
import JobFiles
import Logging

/// What administrators see and set: status, metrics, hooks, retention.
extension Supervisor {
    /// Seconds between two looks at what has only to be right now and then.
    private static let metricsSeconds = 5.0
    private static let sweepSeconds = 600.0

    /// What is done now and then beside the jobs.
    func operate() {
        let now = Date().timeIntervalSince1970
        if abs(now - metricsTime) >= Self.metricsSeconds {
            noteStages()
            exportMetrics()
        }
        if ContinuousClock.now >= nextSweep {
            nextSweep = .now + .seconds(Self.sweepSeconds)
            sweep()
        }
        notePaused()
    }

    /// What systemd shows: the job, its stage, how far it is and how long it will take, and how many wait.
    var summary: String {
        guard let worker = workers.first else {
            return paused.isEmpty
                ? "watching \(spool.inbox)" : "watching \(spool.inbox), \(paused.count) paused"
        }
        let others = queue.count + ready.count + workers.count - 1
        let more = others > 0 ? "; \(others) more" : ""
        return "\(worker.job.stem): \(progress(of: worker.job))\(more)"
    }

    private func progress(of job: JobFolder) -> String {
        // A line for people: what cannot be read now is there at the next look.
        guard let status = try? job.progress(on: files) else { return "starting" }
        let left = status.secondsLeft.map { ", about \(NumberText.duration($0)) left" } ?? ""
        return "\(status.stage) \(status.step)/\(status.steps)\(left)"
    }

    /// Says where a job's result is.
    func announce(_ job: JobFolder, failed: Bool) {
        let time = Date().timeIntervalSince1970
        if failed {
            metrics.failed += 1
            metrics.lastFailed = time
        } else {
            metrics.done += 1
            metrics.lastDone = time
        }
        stages[job.identifier] = nil
        metricsTime = -.infinity
        // Only for the line: the delivery is made, whether or not its receipt can be read now.
        let receipt = try? Delivery(job, outbox: spool.outbox, files: files).resume()
        let place = receipt.map { ", delivered as \($0.path)" } ?? ""
        report(job, "\(failed ? "failed" : "done")\(place)", level: failed ? .warning : .info)
    }

    /// Says each stage of a running job once.
    private func noteStages() {
        for worker in workers {
            // As in `progress(of:)`: what cannot be read now is there at the next look.
            guard let status = try? worker.job.progress(on: files),
                stages.updateValue(status.stage, forKey: worker.job.identifier) != status.stage
            else { continue }
            report(worker.job, "in \(status.stage)")
        }
    }

    /// Whether a worker is writing a file, such as its last checkpoint.
    ///
    /// What an attempt that was killed left half-written is older than the mark of this attempt, and does not count.
    var isSaving: Bool {
        do throws(FileSystemError) {
            for job in workers.map(\.job) {
                let begun = try files.statusIfPresent(of: job.attempts)?.modifiedNanoseconds ?? 0
                for name in try files.names(in: job.path) where TemporaryName.matches(name) {
                    let status = try files.statusIfPresent(of: "\(job.path)/\(name)")
                    if let status, status.modifiedNanoseconds >= begun { return true }
                }
            }
            return false
        } catch {
            return false
        }
    }

    /// Starts and ends the program that is told of deliveries.
    func runHooks() {
        do {
            guard let (job, ending) = try hooks?.poll() else { return }
            switch ending {
            case .done:
                metrics.hooksDone += 1
                report(job, "on_delivery is done")
            case .failed(let ending):
                metrics.hooksFailed += 1
                report(job, "on_delivery failed with \(ending)", level: .warning)
            case .timedOut:
                metrics.hooksFailed += 1
                report(job, "on_delivery took too long and was ended", level: .warning)
            case .notStarted(let reason):
                metrics.hooksFailed += 1
                report(job, "on_delivery cannot be started: \(reason)", level: .error)
            }
        } catch {
            tell("on_delivery: \(error)", level: .error)
        }
    }

    private func sweep() {
        do throws(FileSystemError) {
            let sweep = RetentionSweep(
                spool: spool,
                retention: configuration.retention,
                files: files
            )
            for path in try sweep.run(now: try spool.now(on: files)) {
                log.info("\(path): kept long enough, removed")
            }
        } catch {
            tell("cannot remove what was kept long enough: \(error)", level: .error)
        }
    }
}

extension Supervisor {
    /// Replaces the metrics file.
    func exportMetrics() {
        metricsTime = Date().timeIntervalSince1970
        let text = metrics.text(snapshot(), version: ProgramVersion.current)
        do throws(FileSystemError) {
            try publish(Array(text.utf8), to: configuration.metricsPath, on: files)
        } catch {
            tell("cannot write metrics: \(error)", level: .warning)
        }
    }

    private func snapshot() -> DaemonMetrics.Snapshot {
        var snapshot = DaemonMetrics.Snapshot()
        snapshot.time = metricsTime
        for worker in workers {
            snapshot.running[stages[worker.job.identifier] ?? "starting", default: 0] += 1
        }
        for entry in queue {
            if paused.contains(entry.job.identifier) {
                snapshot.paused += 1
            } else if entry.notBefore > .now {
                snapshot.resting += 1
            } else {
                snapshot.waiting += 1
            }
        }
        snapshot.waiting += ready.count
        (snapshot.settling, snapshot.incomplete) = unready
        snapshot.oldestCheckpoint = workers.compactMap { newestCheckpoint(of: $0.job) }.min()
        var space = statvfs()
        if statvfs(spool.work, &space) == 0 {
            snapshot.freeBytes = Double(space.f_bavail) * Double(space.f_frsize)
            snapshot.sizeBytes = Double(space.f_blocks) * Double(space.f_frsize)
        }
        return snapshot
    }

    private func newestCheckpoint(of job: JobFolder) -> Double? {
        do throws(FileSystemError) {
            var newest: Int64?
            for name in try files.names(in: job.path) where name.hasPrefix("checkpoint.") {
                let time = try files.statusIfPresent(of: "\(job.path)/\(name)")?.modifiedNanoseconds
                newest = [newest, time].compactMap { $0 }.max()
            }
            return newest.map { Double($0) / 1e9 }
        } catch {
            return nil
        }
    }
}
