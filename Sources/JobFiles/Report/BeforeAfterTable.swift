/// Teacher and student side by side, in the shape of Keras' `model.summary()`, for the terminal and for the report.
public struct BeforeAfterTable: Hashable, Sendable {
    /// One quantity.
    struct Row: Hashable, Sendable {
        var name: String
        var before: String
        var after: String
        var change: String
    }

    static let columns = ["quantity", "before", "after", "change"]

    let rows: [Row]
    private let layers: [LayerMetrics]
    private let modelName: String

    /// Takes the numbers out of the metrics.
    public init(_ metrics: JobMetrics) {
        let (before, after) = (metrics.model.before, metrics.model.after)
        var rows: [Row] = []
        for (name, quality) in [
            ("test", (before.test, after.test)), ("held-out", (before.heldOut, after.heldOut)),
        ] {
            guard let teacher = quality.0, let student = quality.1 else { continue }
            rows += Self.rows(of: name, teacher, student)
        }
        rows += [
            Self.count("macs", before.macs, after.macs),
            Self.count("FLOPs", before.flops, after.flops),
            Self.count("parameters", before.parameters, after.parameters),
            Self.count(
                "trainable parameters",
                before.trainableParameters,
                after.trainableParameters
            ),
            Self.count("activation elements", before.activationElements, after.activationElements),
            Self.count(
                "activation memory, peak",
                before.peakActivationBytes,
                after.peakActivationBytes,
                as: NumberText.bytes
            ),
            Self.count("file size", before.fileBytes, after.fileBytes, as: NumberText.bytes),
        ]
        rows += metrics.latency.map(Self.row)
        self.rows = rows
        layers = metrics.layers
        modelName = metrics.run.modelName
    }

    private static func rows(
        of name: String,
        _ before: QualityMetrics,
        _ after: QualityMetrics
    ) -> [Row] {
        var rows: [Row] = []
        let shares = [
            ("accuracy", before.accuracy, after.accuracy),
            ("top-5 accuracy", before.top5Accuracy, after.top5Accuracy),
        ]
        for (kind, left, right) in shares {
            guard let left, let right else { continue }
            rows.append(
                Row(
                    name: "\(name) \(kind)",
                    before: NumberText.percent(left),
                    after: NumberText.percent(right),
                    change: NumberText.points(right - left)
                )
            )
        }
        rows.append(
            Row(
                name: "\(name) loss",
                before: NumberText.fixed(before.loss, 4),
                after: NumberText.fixed(after.loss, 4),
                change: NumberText.signed(after.loss - before.loss, 4)
            )
        )
        return rows
    }

    private static func count(
        _ name: String,
        _ before: Int,
        _ after: Int,
        as text: (Int) -> String = NumberText.grouped
    ) -> Row {
        Row(name: name, before: text(before), after: text(after), change: left(before, after))
    }

    private static func left(_ before: Int, _ after: Int) -> String {
        let share = BeforeAfter(before: before, after: after).share
        return "\(NumberText.percent(share, digits: 1)) left"
    }

    private static func row(_ latency: LatencyMetrics) -> Row {
        let median = latency.medianMilliseconds
        let threads = latency.threads == 1 ? "1 thread" : "\(latency.threads) threads"
        return Row(
            name: "latency, batch \(latency.batchSamples), \(threads)",
            before: "\(NumberText.significant(median.before, 3)) ms",
            after: "\(NumberText.significant(median.after, 3)) ms",
            change: median.after > 0
                ? "\(NumberText.fixed(median.before / median.after, 2)) x the speed" : ""
        )
    }

    /// The layers with weights and the totals as lines of text.
    public var lines: [String] {
        let header = [
            ["Layer (type)", "Output shape before", "after", "Params before", "after"]
        ]
        let body = layers.filter { $0.parameters.before > 0 }.map { layer in
            [
                "\(layer.name) (\(layer.className))", Self.shape(layer.outputShape.before),
                Self.shape(layer.outputShape.after), NumberText.grouped(layer.parameters.before),
                NumberText.grouped(layer.parameters.after),
            ]
        }
        let totals =
            [["Total", "before", "after", "change"]]
            + rows.map { [$0.name, $0.before, $0.after, $0.change] }
        return ["Model: \"\(modelName)\""] + alignedLines(header + body, rule: "_")
            + alignedLines(totals, rule: "=")
    }

    private static func shape(_ shape: [Int]) -> String {
        "(None, " + shape.map(String.init).joined(separator: ", ") + ")"
    }
}
