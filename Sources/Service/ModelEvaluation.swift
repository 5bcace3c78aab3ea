import Datasets
import Durability
import Foundation
import Graph
import JobFiles
import KerasFormat
import Pruning
import Tensors

/// Runs a model over the test samples a spec names.
public enum ModelEvaluation {
    /// Evaluates a model.
    ///
    /// - Parameters:
    ///   - model: The model file.
    ///   - spec: The spec file.
    ///   - dataFolders: Where a relative data file is looked for after the spec's folder.
    /// - Returns: Loss and accuracies.
    /// - Throws: A failure where the files cannot be used.
    public static func run(
        model: String,
        spec: String,
        dataFolders: [String]
    ) throws(JobFailure) -> ModelQuality {
        let request = try JobRequest.reading(path: spec)
        if let threads = request.threads { ThreadPool.shared.setThreads(threads) }
        let network = try ModelDescription.model(path: model).network
        guard let input = network.inputs.first else {
            throw JobFailure(.severalInputsOrOutputs(inputs: 0, outputs: network.outputs.count))
        }
        let folders = [PathParts(spec).folder] + dataFolders
        let path = try DataPlaces(folders: folders).path(of: request.dataFile)
        let data: LoadedData
        do {
            data = try HDF5Data.load(
                path: path,
                selection: request.selection,
                sampleShape: network.shapes[input]
            )
        } catch {
            throw JobFailure(error)
        }
        guard let test = data.test else { throw .labelsMissing("evaluation") }
        return try ModelQuality(of: network, on: test, batchSize: request.plan.batchSize)
    }
}

extension ModelQuality {
    /// The quality as JSON.
    public var json: String { JSONText.text(of: self) }

    /// The quality in lines for people.
    public var lines: [String] {
        func percent(_ share: Double) -> String { String(format: "%.2f %%", 100 * share) }
        return [
            "samples \(samples)", String(format: "loss    %.4f", loss),
            "top-1   \(percent(accuracy))",
        ] + (topFiveAccuracy.map { ["top-5   \(percent($0))"] } ?? [])
    }
}
