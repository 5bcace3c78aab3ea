import Engine
import Foundation
import Graph
import HDF5
import KerasFormat
import Tensors
import Testing

/// Whole models of both generations of Keras, by Tests/Fixtures/generate/models.py: several inputs and outputs, nested
/// models, channels first, and weights of other types.
@Suite struct KerasFixtureTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/keras")

    static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".h5") }.sorted()

    @Test("every output is Keras'", arguments: names)
    func outputs(name: String) throws {
        let image = Array(try Data(contentsOf: Self.folder.appending(path: name)))
        let network = try KerasModel.read(image: image).network
        let golden = try HDF5File(image: image).root.group("golden")
        let stored = try golden.childNames().count { $0.hasPrefix("output_") }
        #expect(stored == network.outputs.count)
        let inputs = try network.inputs.indices.map { try tensor(golden.dataset("input_\($0)")) }
        // Keras computes these two in 16 bits, espalier in 32.
        let isHalf = name.hasPrefix("half") || name.hasPrefix("mixed")
        for (index, output) in network.predict(inputs).enumerated() {
            expectClose(
                output,
                try tensor(golden.dataset("output_\(index)")),
                tolerance: isHalf ? 5e-3 : 2e-5,
                "output \(index) of \(name)"
            )
        }
    }

    private func tensor(_ dataset: HDF5Dataset) throws -> Tensor {
        Tensor(Shape(dataset.shape), values: try dataset.readFloats())
    }
}
