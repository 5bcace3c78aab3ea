/// The students of a comparison as rows, for the terminal, for the report and as comma-separated values.
public struct ComparisonTable: Hashable, Sendable {
    private let metrics: ComparisonMetrics

    /// Takes the numbers out of a comparison.
    public init(_ metrics: ComparisonMetrics) { self.metrics = metrics }

    static let columns = [
        "student", "macs", "parameters", "pruned", "repaired", "distilled", "test",
        "to the teacher", "choosing", "in all",
    ]

    /// One row per student, the teacher first.
    var rows: [[String]] {
        let teacher = metrics.teacher
        return [
            [
                "teacher", NumberText.grouped(teacher.macs), NumberText.grouped(teacher.parameters),
                Self.text(teacher.heldOut), Self.text(teacher.heldOut), Self.text(teacher.heldOut),
                teacher.test.map(Self.text) ?? "none", "", "", "",
            ]
        ]
            + metrics.students.map { student in
                [
                    student.name, NumberText.grouped(student.model.macs),
                    NumberText.grouped(student.model.parameters), Self.text(student.stages.pruned),
                    Self.text(student.stages.reestimated), Self.text(student.stages.distilled),
                    student.model.test.map(Self.text) ?? "none",
                    change(student.model.quality), NumberText.duration(student.choiceSeconds),
                    NumberText.duration(student.wallSeconds),
                ]
            }
    }

    private func change(_ quality: QualityMetrics) -> String {
        guard let after = quality.accuracy, let before = metrics.teacher.quality.accuracy else {
            return NumberText.signed(quality.loss - metrics.teacher.quality.loss, 4)
        }
        return NumberText.points(after - before)
    }

    private static func text(_ quality: QualityMetrics) -> String {
        quality.accuracy.map { NumberText.percent($0) } ?? NumberText.fixed(quality.loss, 4)
    }

    /// The table as lines of text.
    public var lines: [String] { alignedLines([Self.columns] + rows, rule: "=") }

    /// `comparison.csv`: one row per student.
    public var csv: String {
        var text = CSVText([
            "student", "method", "budget", "limit", "achieved", "macs", "parameters", "file_bytes",
            "pruned_accuracy", "repaired_accuracy", "distilled_accuracy", "test_accuracy",
            "test_loss", "choosing_seconds", "wall_seconds",
        ])
        for student in metrics.students {
            let (model, budget) = (student.model, student.budget)
            text.append(
                [student.name, student.method, budget.unit]
                    + [
                        budget.limit, budget.achieved, Double(model.macs),
                        Double(model.parameters), Double(model.fileBytes),
                        student.stages.pruned.accuracy, student.stages.reestimated.accuracy,
                        student.stages.distilled.accuracy, model.test?.accuracy, model.test?.loss,
                        student.choiceSeconds, student.wallSeconds,
                    ].map(CSVText.number)
            )
        }
        return text.text
    }
}
