import Foundation
import HDF5
import JobFiles
import Service
import Testing

@Suite struct PredictionTests {
    /// Two inputs, and what Keras answers, in the file itself.
    private let model = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/keras/shared-keras3.h5").path

    private func places(
        _ kind: String,
        _ indices: Range<Int>,
        in file: String
    )
        -> [Prediction.Place]
    {
        indices.map { Prediction.Place(file: file, dataset: "golden/\(kind)_\($0)") }
    }

    @Test("a model with several inputs answers what Keras answers, for each input's own samples")
    func severalInputs() throws {
        let place = try TemporarySpool()
        let file = "\(place.root)/answers.h5"
        let golden = try HDF5File(readingPath: model).root
        let outputs = try golden.group("golden").childNames().filter { $0.hasPrefix("output") }
        let count = try Prediction(model: model).run(
            data: places("input", 0..<2, in: model),
            out: outputs.map { Prediction.Place(file: file, dataset: $0) },
            batch: 3
        )
        for name in outputs {
            let expected = try golden.dataset("golden/\(name)")
            let found = try HDF5File(readingPath: file).root.dataset(name)
            #expect(found.shape == expected.shape && found.shape[0] == count)
            let pairs = zip(
                try found.readFloats(rows: 0..<count),
                try expected.readFloats(rows: 0..<count)
            )
            #expect(pairs.allSatisfy { abs($0 - $1) < 1e-5 })
        }
    }

    @Test("files for too few inputs are refused with the inputs' names")
    func tooFew() throws {
        let failure = #expect(throws: JobFailure.self) {
            try Prediction(model: model).run(
                data: places("input", 0..<1, in: model),
                out: places("output", 0..<1, in: "/nowhere.h5"),
                batch: 3
            )
        }
        #expect(failure?.code == "predict-places")
        #expect(failure?.message.contains("left, right") == true)
    }
}
