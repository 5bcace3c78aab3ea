import Engine
import Foundation
import Graph
import HDF5
import KerasFormat
import Tensors

/// One golden file: a Keras model with inputs, outputs, gradients and weights after training steps.
struct GoldenFile {
    let file: HDF5File
    let model: KerasModel
    let inputs: [Tensor]

    var network: Network { model.network }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/golden")

    /// The names of all golden files.
    static let names: [String] = {
        let found = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (found ?? []).filter { $0.hasSuffix(".h5") }.map { String($0.dropLast(3)) }.sorted()
    }()

    /// Those with gradients: all but the noisy ones, whose random numbers are Keras' own.
    static let trainable = names.filter { name in
        guard let golden = try? GoldenFile(name), let children = try? golden.file.root.childNames()
        else { return true }
        return children.contains("loss_training")
    }

    init(_ name: String) throws {
        let path = Self.folder.appending(path: "\(name).h5").path
        file = try HDF5File(readingPath: path)
        model = try KerasModel.read(image: file.root.dataset("model").readBytes())
        let names = try file.root.childNames()
        var inputs: [Tensor] = []
        for index in 0..<model.network.inputs.count {
            let dataset = index == 0 ? "input" : "input_\(index)"
            precondition(names.contains(dataset), "\(name) has no \(dataset)")
            inputs.append(try Self.tensor(file.root.dataset(dataset)))
        }
        self.inputs = inputs
    }

    func tensor(_ name: String) throws -> Tensor { try Self.tensor(file.root.dataset(name)) }

    private static func tensor(_ dataset: HDF5Dataset) throws -> Tensor {
        Tensor(Shape(dataset.shape), values: try dataset.readFloats())
    }

    /// The loss of a pass and the node its gradient starts from: before a softmax for cross-entropy.
    func loss(_ pass: TrainingPass) throws -> (node: Int, value: LossValue) {
        let target = try tensor("target")
        let output = network.outputs[0]
        guard try file.root.attributes.string("loss") == "categorical_crossentropy" else {
            return (output, Loss.meanSquaredError(pass.values[output], target: target))
        }
        let labels = (0..<target.shape[0]).map { row -> Int32 in
            let own = target.rows(row..<row + 1).values
            return Int32(own.firstIndex(of: own.max() ?? 0) ?? 0)
        }
        let logits = network.nodes[output].inputs[0]
        return (logits, Loss.crossEntropy(logits: pass.values[logits], labels: labels))
    }

    /// The stored weights of a group, by network layer and weight.
    func weights(under group: String) throws -> [(layer: Int, index: Int, value: Tensor)] {
        var result: [(layer: Int, index: Int, value: Tensor)] = []
        for layer in model.layers {
            guard try file.root.group(group).childNames().contains(layer.name) else { continue }
            let stored = try file.root.group("\(group)/\(layer.name)")
            for child in try stored.childNames() {
                guard let position = Int(child), let place = layer.place(ofWeight: position) else {
                    continue
                }
                result.append(
                    (place.layer, place.weight, try Self.tensor(stored.dataset(child))))
            }
        }
        return result
    }
}
