import Datasets
import Engine
import Foundation
import Graph
import KerasFormat
import Pruning
import Tensors

/// What a job hands over, verified.
struct JobResult {
    /// Names and bytes of the files, without log and checksums.
    var contents: [(name: String, bytes: [UInt8])] = []
    /// How far the written model's outputs are from the student's in memory.
    let largestDifference: Float

    private static let tolerance: Float = 1e-4

    /// Numbers of a delivery, for programs.
    private struct Metrics: Encodable {
        var record: CompressionRecord
        var stageSeconds: [String: Double]
        var largestDifference: Float
    }

    init(
        stem: String,
        teacher: KerasModel,
        outcome: CompressionOutcome,
        validation: SampleSet,
        request: JobRequest,
        stageSeconds: [String: Double]
    ) throws(WorkerInterruption) {
        let image: [UInt8]
        let written: KerasModel
        do {
            image = try teacher.image(replacing: outcome.student)
            written = try KerasModel.read(image: image)
        } catch {
            throw .failure(JobFailure(error, file: "\(stem).\(teacher.format.rawValue)"))
        }
        let samples = validation.batch(Array(0..<min(64, validation.count)))
        let expected = outcome.student.predict([samples])
        let found = written.network.predict([samples])
        var difference: Float = expected.count == found.count ? 0 : .infinity
        for (left, right) in zip(expected, found) {
            let isComparable = left.shape == right.shape && left.isFinite && right.isFinite
            let own = isComparable ? left.largestDifference(from: right) : .infinity
            difference = max(difference, own)
        }
        largestDifference = difference
        guard difference <= Self.tolerance else {
            throw .failure(
                JobFailure(
                    code: "verification-failed",
                    message: "The written model's outputs differ by \(difference). "
                        + "Expected at most \(Self.tolerance).",
                    hint: "This is an error of Espalier: please report it."
                )
            )
        }
        let record = outcome.record
        let metrics = Metrics(
            record: record,
            stageSeconds: stageSeconds,
            largestDifference: difference
        )
        let kept = Dictionary(record.groups.map { ($0.name, $0.kept) }) { first, _ in first }
        contents = [
            ("\(stem).\(teacher.format.rawValue)", image), ("metrics.json", Delivery.json(metrics)),
            ("history.csv", Array(Self.history(record).utf8)),
            ("sensitivity.csv", Array(Self.sensitivity(record).utf8)),
            ("kept-channels.json", Delivery.json(kept)),
            ("spec.yaml", Array(request.resolved.utf8)),
        ]
    }

    /// The columns of Keras' CSVLogger.
    private static func history(_ record: CompressionRecord) -> String {
        var text = "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss\n"
        for epoch in record.epochs {
            let accuracy = epoch.accuracy.map { "\($0)" } ?? ""
            let held = epoch.validation.accuracy.map { "\($0)" } ?? ""
            text += "\(epoch.epoch),\(accuracy),\(epoch.learningRate),\(epoch.loss),"
            text += "\(held),\(epoch.validation.loss)\n"
        }
        return text
    }

    private static func sensitivity(_ record: CompressionRecord) -> String {
        var text = "group,fraction,kept,loss,accuracy\n"
        for group in record.groups {
            let name = group.name.replacing("\"", with: "\"\"")
            for point in group.sensitivity {
                let accuracy = point.quality.accuracy.map { "\($0)" } ?? ""
                text += "\"\(name)\",\(point.fraction),\(point.kept),"
                text += "\(point.quality.loss),\(accuracy)\n"
            }
        }
        return text
    }
}
