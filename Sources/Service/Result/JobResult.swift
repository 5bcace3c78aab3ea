import Datasets
import Durability
import Engine
import Graph
import JobFiles
import KerasFormat
import Pruning
import Tensors

/// What all students of a job are made from.
struct JobMaterial {
    let stem: String
    let teacher: KerasModel
    /// The length and the hash of the model as dropped.
    let model: (bytes: Int, hash: SHA256.Digest)
    let specHash: SHA256.Digest
    let dataFile: (hash: SHA256.Digest, bytes: Int)
    let data: CompressionData
    let request: JobRequest
}

/// What a result is made from.
struct JobResultSource {
    let material: JobMaterial
    let variant: JobVariant
    let outcome: CompressionOutcome
    /// Times, attempts and resumptions.
    let progress: JobProgress
    /// Seconds of a clock that only goes forward.
    let clock: () -> Double
}

/// What a job hands over, verified.
struct JobResult {
    /// Names and bytes of the files, without log and checksums.
    let contents: [(name: String, bytes: [UInt8])]
    /// Everything found out.
    let metrics: JobMetrics

    private static let tolerance: Float = 1e-4
    private static let verifiedSamples = 64

    /// Writes the model, reads it back and compares the outputs.
    ///
    /// - Throws: A failure where the file cannot be made or answers otherwise than the student in memory.
    init(_ source: JobResultSource) throws(WorkerInterruption) {
        let (outcome, material) = (source.outcome, source.material)
        let fileName = "\(material.stem).\(material.teacher.format.rawValue)"
        let image: [UInt8]
        let written: KerasModel
        do {
            image = try material.teacher.image(replacing: outcome.student)
            written = try KerasModel.read(image: image)
        } catch {
            throw .failure(JobFailure(error, file: fileName))
        }
        let validation = material.data.validation
        let count = min(Self.verifiedSamples, validation.count)
        let difference = Self.difference(
            of: written.network,
            from: outcome.student,
            on: validation.batch(Array(0..<count))
        )
        guard difference <= Self.tolerance else {
            throw .failure(.verificationFailed(difference, tolerance: Self.tolerance))
        }
        let times = ForwardTimes(
            teacher: material.teacher.network,
            student: outcome.student,
            batch: { validation.batch((0..<$0).map { $0 % validation.count }) },
            clock: source.clock
        )
        let run = RunMetrics(source, student: SHA256.hash(image))
        metrics = JobMetrics(
            outcome.record,
            run: run,
            models: ModelPair(teacher: material.teacher, student: outcome.student),
            fileBytes: BeforeAfter(before: material.model.bytes, after: image.count),
            samples: (validation.count, material.data.test?.count ?? 0),
            times: times,
            verification: VerificationMetrics(
                largestOutputDifference: Double(difference),
                tolerance: Double(Self.tolerance),
                samples: count
            ),
            budget: source.variant.plan.budget
        )
        let report = Report(metrics, spec: source.variant.resolved)
        contents = [
            (fileName, image),
            ("report.html", Array(report.html.utf8)),
            ("metrics.json", JSONText.bytes(of: metrics)),
            ("history.csv", Array(metrics.historyCSV.utf8)),
            ("sensitivity.csv", Array(metrics.sensitivityCSV.utf8)),
            ("kept-channels.json", JSONText.bytes(of: KeptChannels(outcome.record))),
            ("spec.yaml", Array(source.variant.resolved.utf8)),
        ]
    }

    private static func difference(
        of network: Network,
        from student: Network,
        on samples: Tensor
    ) -> Float {
        let expected = student.predict([samples])
        let found = network.predict([samples])
        var difference: Float = expected.count == found.count ? 0 : .infinity
        for (left, right) in zip(expected, found) {
            let isComparable = left.shape == right.shape && left.isFinite && right.isFinite
            let own = isComparable ? left.largestDifference(from: right) : .infinity
            difference = max(difference, own)
        }
        return difference
    }
}

extension RunMetrics {
    init(_ source: JobResultSource, student: SHA256.Digest) {
        let (progress, material) = (source.progress, source.material)
        self.init(
            job: material.stem,
            modelName: material.teacher.network.name,
            method: source.variant.plan.method.rawValue,
            seed: Int(source.variant.plan.seed),
            versions: VersionMetrics(
                espalier: EspalierVersion.current,
                keras: material.teacher.kerasVersion
            ),
            machine: .current,
            threads: ThreadPool.shared.threads,
            startedAt: progress.startedAt,
            finishedAt: timestamp(),
            stageTimes: progress.ownStageTimes,
            attempts: progress.attempts,
            resumes: progress.resumes,
            files: FileMetrics(
                modelSha256: BeforeAfter(
                    before: material.model.hash.description,
                    after: student.description
                ),
                specSha256: material.specHash.description,
                data: material.request.dataFile,
                dataSha256: material.dataFile.hash.description,
                dataBytes: material.dataFile.bytes
            )
        )
    }
}
