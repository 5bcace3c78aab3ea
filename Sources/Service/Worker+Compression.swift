import Datasets
import Durability
import Graph
import JobFiles
import KerasFormat
import Pruning

/// From the material of a job to the files it hands over, in steps that are saved.
extension Worker {
    /// Makes every student of the job, or goes on where that was interrupted.
    ///
    /// - Returns: The files to deliver, without log and checksums.
    func compress(
        _ material: JobMaterial,
        _ identity: String
    ) throws(WorkerInterruption) -> [(name: String, bytes: [UInt8])] {
        var store = CheckpointStore(folder: job.path, identity: identity, files: files)
        var progress = try earlierProgress()
        progress.attempts += 1
        let series = try resume(material, &store, &progress)
        let variants = material.request.variants
        while true {
            let variant = variants[series.position]
            if variants.count > 1 {
                progress.begin(variant.name, number: series.position + 1, of: variants.count)
            }
            let source = JobResultSource(
                material: material,
                variant: variant,
                outcome: try makeStudent(series, variant, material, &store, &progress),
                progress: progress,
                clock: clock
            )
            let result = try JobResult(source)
            let difference = result.metrics.verification.largestOutputDifference
            let name = variants.count > 1 ? "\(variant.name) " : ""
            try record("\(name)verified: largest difference \(difference)")
            guard variants.count > 1 else { return result.contents }
            try keep(result.contents, as: variant.name)
            let isMore = series.next()
            guard isMore else { return try comparison(of: material) }
            try save(series.run, in: &store)
        }
    }

    /// Steps until one student has its outcome.
    private func makeStudent(
        _ series: CompressionSeries,
        _ variant: JobVariant,
        _ material: JobMaterial,
        _ store: inout CheckpointStore,
        _ progress: inout JobProgress
    ) throws(WorkerInterruption) -> CompressionOutcome {
        let run = series.run
        let timeLeft = TimeLeft(
            series,
            teacher: material.teacher.network,
            data: material.data,
            plan: variant.plan
        )
        var stopwatch = StageStopwatch(clock: clock)
        var (lastCheckpoint, lastStatus) = (clock(), -Double.infinity)
        while true {
            let stage = run.progress.stage
            let isMore = try pruning { () throws(CompressionError) in try run.advance() }
            let now = clock()
            let hasChanged = run.progress.stage != stage
            stopwatch.lap(stage.rawValue, steps: hasChanged ? 0 : 1, into: &progress)
            if hasChanged { try record("\(stage.rawValue) done: \(run.progress.message)") }
            if !isMore { break }
            if now - lastStatus >= 1 || hasChanged {
                try checkCancellation()
                try report(run.progress, timeLeft, in: &progress)
                lastStatus = now
            }
            let mustStop = stop.isRequested
            let isDue = now - lastCheckpoint >= material.request.checkpointSeconds
            if hasChanged || mustStop || isDue {
                try save(run, in: &store)
                lastCheckpoint = now
            }
            if mustStop { throw .later("stopped by a signal") }
        }
        guard let outcome = run.outcome else { throw .failure(.noOutcome) }
        return outcome
    }

    private func resume(
        _ material: JobMaterial,
        _ store: inout CheckpointStore,
        _ progress: inout JobProgress
    ) throws(WorkerInterruption) -> CompressionSeries {
        let plans = material.request.variants.map(\.plan)
        let (teacher, data) = (material.teacher.network, material.data)
        guard let checkpoint = try loadCheckpoint(&store) else {
            try record("started")
            try forgetStudents()
            try checkAccuracy(of: teacher, on: data.test, material.request)
            return try pruning { () throws(CompressionError) in
                try CompressionSeries(teacher: teacher, data: data, plans: plans, clock: clock)
            }
        }
        let fallback = checkpoint.wasFallback ? ", the newest being damaged" : ""
        try record("resumed from checkpoint \(checkpoint.generation)\(fallback)")
        let series = try pruning { () throws(CompressionError) in
            try CompressionSeries(
                teacher: teacher,
                data: data,
                plans: plans,
                clock: clock,
                resuming: checkpoint.payload
            )
        }
        progress.note(resumptionAt: series.run.progress, isFallback: checkpoint.wasFallback)
        return series
    }

    private func loadCheckpoint(
        _ store: inout CheckpointStore
    ) throws(WorkerInterruption) -> LoadedCheckpoint? {
        do {
            return try store.load()
        } catch {
            switch error {
            case .fileSystem(let error): throw WorkerInterruption(error)
            case .damaged, .foreign, .unknownVersion:
                // Nothing usable is left of the work; the drop is whole, so the job starts over.
                try record("checkpoint not usable, starting over: \(error)")
                do {
                    try store.clear()
                } catch {
                    throw .failure(.checkpoint(error))
                }
                return nil
            }
        }
    }
}
