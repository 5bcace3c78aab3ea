import Datasets
import Durability
import Graph
import JobFiles
import Pruning
import Tensors

/// What is asked of a drop before time is spent on it.
extension Worker {
    func checkHash(
        _ hash: SHA256.Digest,
        of model: String,
        _ request: JobRequest
    ) throws(WorkerInterruption) {
        guard let expected = request.modelHash, expected != hash.description else { return }
        let file = PathParts(model).name
        throw .failure(.modelHash(file, expected: expected, found: hash.description))
    }

    /// The teacher is the one its owner knows only if it does as well here: a wrong scale shows at once.
    func checkAccuracy(
        of teacher: Network,
        on test: SampleSet?,
        _ request: JobRequest
    ) throws(WorkerInterruption) {
        guard let expected = request.expectedAccuracy else { return }
        guard let test, test.labels != nil else {
            throw .failure(.labelsMissing("expected_accuracy"))
        }
        let found: ModelQuality
        do {
            found = try ModelQuality(
                of: teacher,
                on: test,
                batchSize: request.plan.batchSize
            )
        } catch {
            throw .failure(error)
        }
        guard found.accuracy >= expected else {
            throw .failure(.accuracyBelowExpected(found.accuracy, expected: expected))
        }
    }

    func checkCancellation() throws(WorkerInterruption) {
        let wish = try onDisk { () throws(FileSystemError) in
            try files.statusIfPresent(of: job.cancellation)
        }
        if wish != nil { throw .failure(.cancelled) }
    }

    /// What stands for the data in a checkpoint's identity: a run must not go on with other samples than it began with.
    ///
    /// Size and time instead of a hash, since hashing a large file would cost more than most resumptions save.
    func mark(of path: String) throws(WorkerInterruption) -> [UInt8] {
        let status = try onDisk { () throws(FileSystemError) in
            try RealFileSystem().status(of: path)
        }
        return Array("\(path) \(status.sizeBytes) \(status.modifiedNanoseconds)".utf8)
    }
}
