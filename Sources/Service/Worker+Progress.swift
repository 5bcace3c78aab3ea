import Datasets
import Durability
import Foundation
import Graph
import JobFiles
import Pruning

/// How the worker keeps and tells how far it is.
extension Worker {
    /// What earlier attempts left behind, or the beginning of the first.
    func earlierProgress() throws(WorkerInterruption) -> JobProgress {
        let beginning = JobProgress(name: stem, startingAt: timestamp())
        return try onDisk { () throws(FileSystemError) in
            guard try files.statusIfPresent(of: job.status) != nil else { return beginning }
            let bytes = try files.read(job.status, limit: 1 << 20)
            do {
                return try JSONText.value(JobProgress.self, from: bytes)
            } catch {
                // Of another version: times before this attempt are lost, the work is not.
                return beginning
            }
        }
    }

    func report(
        _ state: CompressionProgress,
        _ timeLeft: TimeLeft,
        in progress: inout JobProgress
    ) throws(WorkerInterruption) {
        progress.take(state, timeLeft)
        let status = progress
        observe(status)
        try onDisk { () throws(FileSystemError) in
            try publish(JSONText.bytes(of: status), to: job.status, on: files)
        }
    }

    /// The hash and the length of the data file, read a piece at a time.
    func fingerprint(
        of path: String
    ) throws(WorkerInterruption) -> (hash: SHA256.Digest, bytes: Int) {
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { handle.closeFile() }
            var hash = SHA256()
            var count = 0
            while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
                piece.withUnsafeBytes { hash.update($0) }
                count += piece.count
            }
            return (hash.finish(), count)
        } catch {
            throw .failure(.dataMissing(path, places: [path]))
        }
    }
}

/// Takes the times of the steps of an attempt.
struct StageStopwatch {
    private let clock: () -> Double
    private var wall: Double
    private var processors: Double

    /// Starts.
    init(clock: @escaping () -> Double) {
        self.clock = clock
        wall = clock()
        processors = processorSeconds()
    }

    /// Adds the time since the last lap to a stage.
    mutating func lap(_ stage: String, steps: Int, into progress: inout JobProgress) {
        let (newWall, newProcessors) = (clock(), processorSeconds())
        progress.add(
            wallSeconds: newWall - wall,
            cpuSeconds: newProcessors - processors,
            steps: steps,
            to: stage
        )
        (wall, processors) = (newWall, newProcessors)
    }
}

extension JobProgress {
    mutating func take(_ state: CompressionProgress, _ timeLeft: TimeLeft) {
        stage = state.stage.rawValue
        step = state.step
        steps = state.steps
        message = state.message
        updatedAt = timestamp()
        stageSecondsLeft = timeLeft.ofStage(stage, step: step, times: stageTimes)
        secondsLeft = timeLeft.ofJob(stage: stage, step: step, times: stageTimes)
    }

    mutating func note(resumptionAt state: CompressionProgress, isFallback: Bool) {
        resumes.append(
            ResumeMetrics(
                stage: state.stage.rawValue,
                step: state.step,
                steps: state.steps,
                isFallback: isFallback,
                at: timestamp()
            )
        )
    }
}
