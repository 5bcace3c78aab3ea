extension Report {
    var provenanceSection: ReportPage.Section {
        let run = metrics.run
        let machine = run.machine
        let facts: [(String, String, String?)] = [
            ("Espalier", run.versions.espalier, nil),
            ("Keras that wrote the model", run.versions.keras ?? "not said in the file", nil),
            ("Seed", "\(run.seed)", nil), ("Threads", "\(run.threads)", nil),
            (
                "Machine", machine.hostName,
                "\(machine.processor ?? machine.architecture), \(machine.processors) processors"
            ),
            ("System", machine.kernel, machine.architecture),
            (
                "Started", Self.time(run.startedAt), "finished \(Self.time(run.finishedAt))"
            ),
            (
                "Interruptions", "\(run.resumes.count)",
                run.attempts == 1 ? "one attempt" : "\(run.attempts) attempts"
            ),
        ]
        return ReportPage.Section(
            anchor: "provenance",
            title: "Where it comes from",
            shortTitle: "Provenance",
            text:
                "The same model, spec, data and kind of machine give the same model, byte for byte, "
                + "with any number of threads and however often the job is interrupted. To make it "
                + "again, with the spec from here, the data file beside it, and the model as it was "
                + "dropped, which is not the one that lies here:",
            leadingTables: [stageTable],
            figures: [
                ReportPage.Figure(title: stageChart.title, drawing: Markup(stageChart.markup))
            ],
            tables: (run.resumes.isEmpty ? [] : [resumeTable]) + [fileTable],
            facts: facts.map { ReportPage.Fact(name: $0.0, value: $0.1, note: $0.2) },
            command:
                "espalier run \(Self.shellQuoted("dropped/\(run.job).h5")) spec.yaml --out again",
            foldedText: spec,
            foldedTitle: "The spec, with every default"
        )
    }

    private var fileTable: ReportPage.Table {
        let files = metrics.run.files
        return ReportPage.Table(
            "What went in and came out",
            ["file", "SHA-256", "size"],
            rows: [
                [
                    "model in", files.modelSha256.before, NumberText.bytes(before.fileBytes),
                ],
                [
                    "model out", files.modelSha256.after, NumberText.bytes(after.fileBytes),
                ],
                ["spec as dropped", files.specSha256, ""],
                ["data: \(files.data)", files.dataSha256, NumberText.bytes(files.dataBytes)],
            ],
            isCode: true
        )
    }

    private var stageTable: ReportPage.Table {
        let times = metrics.run.stageTimes
        func row(_ name: String, _ wall: Double, _ cpu: Double, _ steps: String) -> [String] {
            [
                name, Self.seconds(wall), Self.seconds(cpu),
                wall > 0 ? NumberText.fixed(cpu / wall, 2) : "", steps,
            ]
        }
        let total = times.reduce((0.0, 0.0)) { ($0.0 + $1.wallSeconds, $0.1 + $1.cpuSeconds) }
        return ReportPage.Table(
            "Time of each stage, over all attempts",
            ["stage", "wall", "CPU", "CPUs at work", "steps"],
            rows: times.map { row($0.stage, $0.wallSeconds, $0.cpuSeconds, "\($0.steps)") }
                + [row("all", total.0, total.1, "")]
        )
    }

    /// A time span that may be much shorter than a second.
    private static func seconds(_ seconds: Double) -> String {
        seconds < 0.95
            ? "\(NumberText.fixed(1000 * seconds, 0)) ms" : NumberText.duration(seconds)
    }

    private var stageChart: RowChart {
        let times = metrics.run.stageTimes
        let longest = times.map { max($0.wallSeconds, $0.cpuSeconds) }.max() ?? 0
        let (unit, size) =
            longest > 7200 ? ("hours", 3600.0) : longest > 300 ? ("minutes", 60.0) : ("seconds", 1)
        return RowChart(
            identifier: "stages",
            title: "Time of each stage",
            summary: "Wall and CPU time over all attempts; the values are in the table.",
            axis: Axis(unit),
            form: .bars,
            series: [
                RowChart.Series(name: "wall", style: .past),
                RowChart.Series(name: "CPU, all threads together", style: .first),
            ],
            rows: times.map { time in
                RowChart.Row(
                    name: time.stage,
                    values: [time.wallSeconds / size, time.cpuSeconds / size]
                )
            }
        )
    }

    private var resumeTable: ReportPage.Table {
        ReportPage.Table(
            "Where work went on after an interruption",
            ["when", "stage", "step", "checkpoint"],
            rows: metrics.run.resumes.map { resume in
                [
                    Self.time(resume.at), resume.stage, "\(resume.step) of \(resume.steps)",
                    resume.isFallback ? "the older: the newest was damaged" : "the newest",
                ]
            }
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
