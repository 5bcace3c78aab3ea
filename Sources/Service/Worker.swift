import Datasets
import Durability
import Engine
import Foundation
import Graph
import HDF5
import JobFiles
import KerasFormat
import Pruning
import Tensors

/// How a worker's attempt ended.
public enum WorkerOutcome: Sendable {
    /// The result is in the outbox.
    case done(path: String)
    /// A failure is in the outbox.
    case failed(path: String, JobFailure)
    /// To be tried again: stopped by a signal, a full disk, or another worker at it.
    case later(String)
    /// The job's own files could not be read or written, so nothing was delivered; the attempt counts.
    case cannotDeliver(FileSystemError)
}

/// Why an attempt stops early.
enum WorkerInterruption: Error {
    case failure(JobFailure)
    case later(String)
    /// The machine, not the job, is at fault.
    case files(FileSystemError)

    init(_ error: FileSystemError) {
        if error.isFull {
            self = .later(error.description)
        } else if error.isPassing {
            self = .files(error)
        } else {
            self = .failure(JobFailure(error))
        }
    }
}

/// Does one job from the drop to the delivery.
public struct Worker {
    let job: JobFolder
    let stem: String
    let model: String?
    let spec: String?
    let outbox: String
    let dataFolders: [String]
    let files: any FileSystem
    let stop: StopSignal
    /// Seconds of a clock that only goes forward.
    let clock: () -> Double
    let readSpec: (String) throws(JobFailure) -> JobRequest
    let observe: (JobProgress) -> Void
    /// What the administrator allows.
    public var limits = WorkerLimits()
    /// What tries the model first; nil reads it at once.
    public var screening: ModelScreening?

    /// Prepares a worker.
    ///
    /// - Parameters:
    ///   - job: Where checkpoints and status go.
    ///   - stem: The name of the drop.
    ///   - model: The model file, or nil where it is gone.
    ///   - spec: The spec file, or nil where it is gone.
    ///   - outbox: Where to deliver.
    ///   - dataFolders: Where a relative data file is looked for after the spec's folder.
    ///   - files: Where all of these are; the data files are the machine's.
    ///   - stop: Asked after each step.
    ///   - clock: Seconds of a clock that only goes forward.
    ///   - readSpec: Turns the text of a spec into a request.
    ///   - observe: Told of the progress at most each second.
    public init(
        job: JobFolder,
        stem: String,
        model: String?,
        spec: String?,
        outbox: String,
        dataFolders: [String],
        files: any FileSystem,
        stop: StopSignal,
        clock: @escaping () -> Double,
        readSpec: @escaping (String) throws(JobFailure) -> JobRequest,
        observe: @escaping (JobProgress) -> Void
    ) {
        self.job = job
        self.stem = stem
        self.model = model
        self.spec = spec
        self.outbox = outbox
        self.dataFolders = dataFolders
        self.files = files
        self.stop = stop
        self.clock = clock
        self.readSpec = readSpec
        self.observe = observe
    }

    /// Does the job, or goes on where it was interrupted.
    public func run() -> WorkerOutcome {
        let lock: any FileLock
        do {
            lock = try files.lock(job.lock)
        } catch {
            switch error {
            case .held: return .later("another worker is at this job")
            case .failed(let error): return .cannotDeliver(error)
            }
        }
        defer { lock.release() }
        let prefix = limits.layout.prefix(at: Date().timeIntervalSince1970)
        let delivery = Delivery(job, outbox: outbox, files: files, prefix: prefix)
        do throws(WorkerInterruption) {
            if let before = try finished(delivery) { return before }
            return .done(path: try attempt(delivery))
        } catch {
            switch error {
            case .later(let reason): return .later(reason)
            case .files(let error): return .cannotDeliver(error)
            case .failure where isTakenOver: return .later("another daemon has taken the job over")
            case .failure(let failure): return fail(failure, delivery)
            }
        }
    }

    /// Whether the job's folder is not ours any more, so that nothing of this attempt counts.
    private var isTakenOver: Bool {
        do throws(FileSystemError) {
            return try files.statusIfPresent(of: job.path) == nil
        } catch {
            return false
        }
    }

    private func finished(_ delivery: Delivery) throws(WorkerInterruption) -> WorkerOutcome? {
        let before = try onDisk { () throws(FileSystemError) in try delivery.resume() }
        guard let (path, isFailure) = before else { return nil }
        return isFailure ? .failed(path: path, .delivered) : .done(path: path)
    }

    private func fail(_ failure: JobFailure, _ delivery: Delivery) -> WorkerOutcome {
        do throws(FileSystemError) {
            try note("failed: \(failure.code): \(failure.message)")
            return .failed(path: try delivery.deliver(failure, stem: stem, spec: spec), failure)
        } catch {
            return error.isFull ? .later(error.description) : .cannotDeliver(error)
        }
    }

    private func attempt(_ delivery: Delivery) throws(WorkerInterruption) -> String {
        guard let spec else { throw .failure(.dropIncomplete("spec")) }
        guard let model else { throw .failure(.dropIncomplete("model")) }
        let text = try onDisk { () throws(FileSystemError) in try files.read(spec, limit: 1 << 20) }
        let request: JobRequest
        do {
            request = try readSpec(String(decoding: text, as: UTF8.self))
        } catch {
            throw .failure(error)
        }
        if request.threads != nil || limits.threads != nil {
            let processors = ProcessInfo.processInfo.activeProcessorCount
            let threads = limits.threads(asked: request.threads, processors: processors)
            ThreadPool.shared.setThreads(threads)
        }
        try onDisk { () throws(FileSystemError) in
            try job.setAttemptLimit(request.maximumAttempts, on: files)
        }
        try checkCancellation()
        let image = try onDisk { () throws(FileSystemError) in
            try files.read(model, limit: 8 << 30)
        }
        let hash = SHA256.hash(image)
        try checkHash(hash, of: model, request)
        let teacher = try readModel(image, from: model)
        let dataFile = try dataPath(request)
        let data = try load(request, from: dataFile, for: teacher.network)
        // The resolved spec as well: a command may have put other methods in place of the text's.
        let asked = text + Array(request.resolved.utf8)
        let identity = SHA256.hash(asked + hash.bytes + (try mark(of: dataFile))).description
        let material = JobMaterial(
            stem: stem,
            teacher: teacher,
            model: (image.count, hash),
            specHash: SHA256.hash(text),
            dataFile: try fingerprint(of: dataFile),
            data: data,
            request: request
        )
        var contents = try compress(material, identity)
        return try onDisk { () throws(FileSystemError) in
            contents.append(("job.log", try files.read(job.log, limit: 1 << 26)))
            return try delivery.deliver(contents, stem: stem, failed: false)
        }
    }

    /// Does something that a compression can refuse, which fails the job.
    func pruning<Result>(
        _ body: () throws(CompressionError) -> Result
    ) throws(WorkerInterruption) -> Result {
        do {
            return try body()
        } catch {
            throw .failure(JobFailure(error))
        }
    }
}
