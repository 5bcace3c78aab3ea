extension Report {
    var provenanceSection: ReportPage.Section {
        let run = metrics.run
        let machine = run.machine
        let facts: [(String, String, String?)] = [
            ("Model in, SHA-256", run.files.modelSha256.before, nil),
            ("Model out, SHA-256", run.files.modelSha256.after, nil),
            ("Spec, SHA-256", run.files.specSha256, nil),
            (
                "Data, SHA-256", run.files.dataSha256,
                "\(run.files.data), \(NumberText.bytes(run.files.dataBytes))"
            ),
            ("Espalier", run.versions.espalier, nil),
            ("Keras that wrote the model", run.versions.keras ?? "not said in the file", nil),
            ("Seed", "\(run.seed)", nil),
            (
                "Machine", machine.hostName,
                "\(machine.processor ?? machine.architecture), \(machine.processors) processors"
            ),
            ("System", machine.kernel, machine.architecture),
            ("Threads", "\(run.threads)", nil),
            ("Started", run.startedAt, nil), ("Finished", run.finishedAt, nil),
            (
                "Attempts", "\(run.attempts)",
                run.resumes.isEmpty
                    ? "never interrupted" : "resumed \(run.resumes.count) times"
            ),
        ]
        return ReportPage.Section(
            anchor: "provenance",
            title: "Where it comes from",
            text:
                "The same model, spec, data and kind of machine give the same model, byte for byte, "
                + "with any number of threads and however often the job is interrupted. To make it "
                + "again:",
            tables: [stageTable] + (run.resumes.isEmpty ? [] : [resumeTable]) + [specTable],
            facts: facts.map { ReportPage.Fact(name: $0.0, value: $0.1, note: $0.2) },
            command: "espalier run \(Self.shellQuoted("\(run.job).h5")) spec.yaml --out again"
        )
    }

    private var stageTable: ReportPage.Table {
        let times = metrics.run.stageTimes
        func row(_ name: String, _ wall: Double, _ cpu: Double, _ steps: String) -> [String] {
            [
                name, NumberText.duration(wall), NumberText.duration(cpu),
                wall > 0 ? NumberText.fixed(cpu / wall, 2) : "", steps,
            ]
        }
        let total = times.reduce((0.0, 0.0)) { ($0.0 + $1.wallSeconds, $0.1 + $1.cpuSeconds) }
        return ReportPage.Table(
            "Time of each stage, over all attempts",
            ["stage", "on the wall", "of all processors", "processors at work", "steps"],
            rows: times.map { row($0.stage, $0.wallSeconds, $0.cpuSeconds, "\($0.steps)") }
                + [row("all", total.0, total.1, "")]
        )
    }

    private var resumeTable: ReportPage.Table {
        ReportPage.Table(
            "Where work went on after an interruption",
            ["when", "stage", "step", "checkpoint"],
            rows: metrics.run.resumes.map { resume in
                [
                    resume.at, resume.stage, "\(resume.step) of \(resume.steps)",
                    resume.isFallback ? "the older: the newest was damaged" : "the newest",
                ]
            }
        )
    }

    private var specTable: ReportPage.Table {
        let lines = spec.split(separator: "\n").map(String.init)
        return ReportPage.Table(
            "The spec, with every default",
            ["key", "value"],
            rows: SpecLines(lines).rows
        )
    }

    /// A word for a POSIX shell.
    package static func shellQuoted(_ word: String) -> String {
        let plain = word.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "-_./~".unicodeScalars.contains(scalar))
        }
        return plain && !word.isEmpty && !word.hasPrefix("~") && !word.hasPrefix("-")
            ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}

/// The lines of a resolved spec as keys and values, each key with its section before it.
private struct SpecLines {
    let rows: [[String]]

    init(_ lines: [String]) {
        var section = ""
        var rows: [[String]] = []
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            let key = parts[0].trimmingPrefix { $0 == " " }
            let value = parts.count > 1 ? String(parts[1].trimmingPrefix { $0 == " " }) : ""
            if !line.hasPrefix(" ") { section = value.isEmpty ? "\(key)/" : "" }
            if !value.isEmpty { rows.append(["\(section)\(key)", value]) }
        }
        self.rows = rows
    }
}
