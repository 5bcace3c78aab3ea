import Datasets
import Durability
import Foundation
import Graph
import KerasFormat
import Pruning

extension Worker {
    func read(_ path: String, limit: Int) throws(WorkerInterruption) -> [UInt8] {
        do {
            return try files.read(path, limit: limit)
        } catch {
            throw WorkerInterruption(error)
        }
    }

    /// Samples from the first place where the data file is.
    func load(
        _ request: JobRequest,
        for network: Network
    ) throws(WorkerInterruption)
        -> CompressionData
    {
        let named = request.dataFile
        var places = [named]
        if !named.hasPrefix("/") {
            let own = spec.map { [PathParts($0).folder] } ?? []
            places = (own + dataFolders).map { "\($0)/\(named)" }
        }
        guard let path = places.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw .failure(JobFailure(DataError.missing(path: named)))
        }
        do {
            let data = try HDF5Data.load(
                path: path,
                selection: request.selection,
                sampleShape: network.shapes[network.inputs[0]]
            )
            return CompressionData(
                training: data.training,
                validation: data.validation,
                test: data.test
            )
        } catch {
            throw .failure(JobFailure(error))
        }
    }

    /// Saves a checkpoint; progress made is progress kept, so the attempts count from here.
    func save(
        _ run: CompressionRun,
        in store: inout CheckpointStore<RealFileSystem>
    ) throws(WorkerInterruption) {
        do {
            try store.save(run.checkpoint())
        } catch {
            switch error {
            case .fileSystem(let error): throw WorkerInterruption(error)
            case .damaged, .foreign, .unknownVersion: throw .failure(.checkpoint(error))
            }
        }
        do {
            try job.setAttemptCount(0, on: files)
        } catch {
            throw WorkerInterruption(error)
        }
    }

    func report(
        _ progress: CompressionProgress,
        _ seconds: [String: Double]
    ) throws(WorkerInterruption) {
        let status = JobProgress(
            name: stem,
            stage: progress.stage.rawValue,
            step: progress.step,
            steps: progress.steps,
            message: progress.message,
            stageSeconds: seconds
        )
        observe(status)
        do {
            try publish(Delivery.json(status), to: job.status, on: files)
        } catch {
            throw WorkerInterruption(error)
        }
    }

    func record(_ line: String) throws(WorkerInterruption) {
        do {
            try note(line)
        } catch {
            throw WorkerInterruption(error)
        }
    }

    /// Adds a line to the job's log.
    func note(_ line: String) throws(FileSystemError) {
        let time = Date().formatted(.iso8601)
        let before =
            try files.statusIfPresent(of: job.log) == nil
            ? [] : try files.read(job.log, limit: 1 << 26)
        try publish(before + Array("\(time) \(line)\n".utf8), to: job.log, on: files)
    }
}

extension JobFailure {
    /// A failure that was delivered before, in an attempt that was interrupted after it.
    static let delivered = JobFailure(
        code: "delivered-before",
        message: "The failure is in the outbox.",
        hint: "Read it there."
    )

    static let noOutcome = JobFailure(
        code: "internal",
        message: "The compression ended without a result.",
        hint: "This is an error of Espalier: please report it."
    )

    static func dropIncomplete(_ part: String) -> JobFailure {
        JobFailure(
            code: "drop-incomplete",
            message: "The \(part) went away while the job was claimed.",
            hint: "Drop the model and the spec again."
        )
    }

    static func checkpoint(_ error: CheckpointError) -> JobFailure {
        JobFailure(
            code: "checkpoint-unusable",
            message: "The checkpoint cannot be used: \(error)",
            hint: "Drop the job again to start it over."
        )
    }

    /// A job whose workers died too often.
    static func interruptedRepeatedly(_ attempts: Int) -> JobFailure {
        JobFailure(
            code: "interrupted-repeatedly",
            message: "The job's worker died \(attempts) times without getting further.",
            hint: "Look for want of memory in the system's log; try fewer samples or threads.",
            context: ["attempts": "\(attempts)"]
        )
    }
}
