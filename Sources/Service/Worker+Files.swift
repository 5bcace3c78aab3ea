import Datasets
import Durability
import Foundation
import Graph
import JobFiles
import KerasFormat
import Pruning

extension Worker {
    /// Does something with files; a full disk interrupts the attempt, anything else fails the job.
    func onDisk<Result>(
        _ body: () throws(FileSystemError) -> Result
    ) throws(WorkerInterruption) -> Result {
        do {
            return try body()
        } catch {
            throw WorkerInterruption(error)
        }
    }

    /// The model in an image, screened where that was asked for.
    func readModel(_ image: [UInt8], from path: String) throws(WorkerInterruption) -> KerasModel {
        let outcome: ModelScreening.Outcome?
        do {
            outcome = try screening?.check(path, mustStop: { stop.isRequested })
        } catch {
            throw .failure(error)
        }
        guard outcome != .interrupted else { throw .later("stopped while the model was screened") }
        do {
            return try KerasModel.read(image: image)
        } catch {
            throw .failure(JobFailure(error, file: PathParts(path).name))
        }
    }

    /// Where the data file is.
    func dataPath(_ request: JobRequest) throws(WorkerInterruption) -> String {
        // A claimed spec lies alone in a folder of ours; only one given by hand has neighbours.
        let folder = spec.map { PathParts($0).folder }
        let own = [folder].compactMap { $0 }.filter { $0 != job.drop }
        do {
            return try DataPlaces(folders: own + dataFolders, isConfined: limits.isConfined)
                .path(of: request.dataFile)
        } catch {
            throw .failure(error)
        }
    }

    /// The samples the spec names.
    func load(
        _ request: JobRequest,
        from path: String,
        for network: Network
    ) throws(WorkerInterruption)
        -> CompressionData
    {
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
        in store: inout CheckpointStore
    ) throws(WorkerInterruption) {
        do {
            try store.save(run.checkpoint())
        } catch {
            switch error {
            case .fileSystem(let error): throw WorkerInterruption(error)
            case .damaged, .foreign, .unknownVersion: throw .failure(.checkpoint(error))
            }
        }
        try onDisk { () throws(FileSystemError) in try job.setAttemptCount(0, on: files) }
    }

    func record(_ line: String) throws(WorkerInterruption) {
        try onDisk { () throws(FileSystemError) in try note(line) }
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
