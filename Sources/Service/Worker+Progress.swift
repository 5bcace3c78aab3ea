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
        stageSecondsLeft = TimeLeft.ofStage(
            step: step,
            steps: steps,
            time: stageTimes.first { $0.stage == stage }
        )
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

extension TimeLeft {
    /// The stages of a compression with the macs of a step of each; the search, which counts none, is left out.
    init(_ run: CompressionRun, teacher: Network, data: CompressionData, plan: CompressionPlan) {
        let macs = Double(teacher.cost.macs)
        let calibration = Double(min(plan.compensation.images, data.training.count))
        let heldOut = Double(data.validation.count)
        let test = Double(data.test?.count ?? 0)
        let share: Double =
            switch plan.budget.limit {
            case .fraction(let fraction): fraction
            case .count: 0.5
            }
        let samplesPerStep =
            Double(
                max(1, plan.distillation.epochs * data.training.count)
            ) / Double(max(1, run.steps(of: .distillation)))
        func samples(_ stage: Pruning.Stage) -> Double {
            switch stage {
            case .baseline: heldOut + test
            case .sensitivity:
                (Double(min(plan.sensitivity.images, data.validation.count)) + calibration) / 2
            case .allocation: heldOut + 4 * calibration
            case .search, .delivery: 0
            case .surgery: share * heldOut
            case .compensation: calibration
            // The teacher forwards, the student forwards and backwards: three times its forward pass.
            case .distillation: (1 + 3 * share) * samplesPerStep
            case .verification: share * (heldOut + test)
            }
        }
        self.init(
            Pruning.Stage.allCases.map { stage in
                Stage(
                    name: stage.rawValue,
                    steps: run.steps(of: stage),
                    workPerStep: samples(stage) * macs
                )
            }
        )
    }
}
