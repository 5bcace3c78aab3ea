import Durability
import JobFiles
import Pruning

/// The finished students of a job with several, kept in the job's folder until all are there.
extension Worker {
    /// Keeps a student's files; one of the same name, left by an attempt that was interrupted right after, makes room.
    func keep(
        _ contents: [(name: String, bytes: [UInt8])],
        as name: String
    ) throws(WorkerInterruption) {
        try onDisk { () throws(FileSystemError) in
            let (folder, partial) = ("\(job.students)/\(name)", "\(job.students)/\(name).partial")
            if try files.statusIfPresent(of: job.students) == nil {
                try files.makeFolder(job.students)
                try files.synchronizeFolder(job.path)
            }
            for path in [folder, partial] where try files.statusIfPresent(of: path) != nil {
                try files.removeTree(path)
            }
            try files.makeFolder(partial)
            try files.writeFiles(contents, in: partial)
            try files.rename(partial, to: folder)
            try files.synchronizeFolder(job.students)
        }
    }

    /// Removes what was kept for a checkpoint that is not gone on from.
    func forgetStudents() throws(WorkerInterruption) {
        try onDisk { () throws(FileSystemError) in
            guard try files.statusIfPresent(of: job.students) != nil else { return }
            try files.removeTree(job.students)
        }
    }

    /// All students' files, each in a folder, and what compares them.
    func comparison(
        of material: JobMaterial
    ) throws(WorkerInterruption) -> [(name: String, bytes: [UInt8])] {
        var contents: [(name: String, bytes: [UInt8])] = []
        var metrics: [(name: String, metrics: JobMetrics)] = []
        for variant in material.request.variants {
            for (name, bytes) in try student(variant.name) {
                contents.append(("\(variant.name)/\(name)", bytes))
                guard name == "metrics.json" else { continue }
                guard let own = try? JSONText.value(JobMetrics.self, from: bytes) else {
                    // We wrote it ourselves: somebody else changed it since.
                    throw .failure(.noOutcome)
                }
                metrics.append((variant.name, own))
            }
        }
        guard metrics.count == material.request.variants.count else { throw .failure(.noOutcome) }
        // The first student's run measured the teacher and its sensitivity for all of them.
        let isShared = { (time: StageTimeMetrics) in
            [Stage.baseline, .sensitivity].map(\.rawValue).contains(time.stage)
        }
        let shared = metrics[0].metrics.run.stageTimes.filter(isShared)
        metrics[0].metrics.run.stageTimes.removeAll(where: isShared)
        let comparison = ComparisonMetrics(metrics, shared: shared)
        let resolved = material.request.resolved
        return [
            ("report.html", Array(ComparisonReport(comparison, spec: resolved).html.utf8)),
            ("comparison.json", JSONText.bytes(of: comparison)),
            ("comparison.csv", Array(ComparisonTable(comparison).csv.utf8)),
            ("spec.yaml", Array(resolved.utf8)),
        ] + contents
    }

    private func student(
        _ name: String
    ) throws(WorkerInterruption) -> [(name: String, bytes: [UInt8])] {
        let folder = "\(job.students)/\(name)"
        return try onDisk { () throws(FileSystemError) in
            var contents: [(name: String, bytes: [UInt8])] = []
            for name in try files.names(in: folder).sorted() {
                contents.append((name, try files.read("\(folder)/\(name)", limit: 8 << 30)))
            }
            return contents
        }
    }
}
