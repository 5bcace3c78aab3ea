import Datasets
import Durability
import Engine
import Graph
import HDF5
import JobFiles
import KerasFormat
import Pruning
import Tensors

/// Runs a model over a dataset and writes what it answers.
public enum Prediction {
    /// Writes the first output for every sample as 32-bit floats; an existing output file is replaced whole.
    ///
    /// - Returns: The number of samples.
    public static func run(
        model path: String,
        data: (file: String, dataset: String),
        out: (file: String, dataset: String),
        batch: Int
    ) throws(JobFailure) -> Int {
        let network = try ModelDescription.model(path: path).network
        guard network.inputs.count == 1, let output = network.outputs.first else {
            throw JobFailure(
                .severalInputsOrOutputs(
                    inputs: network.inputs.count,
                    outputs: network.outputs.count
                )
            )
        }
        let sample = network.shapes[network.inputs[0]]
        let image: [UInt8]
        let count: Int
        do throws(HDF5Error) {
            let dataset = try HDF5File(readingPath: data.file).root.dataset(data.dataset)
            guard let rows = dataset.shape.first,
                Array(dataset.shape.dropFirst()) == sample.dimensions
            else {
                throw .unexpected(
                    path: data.dataset,
                    expected: "[N, \(sample.dimensions)]",
                    found: "\(dataset.shape)"
                )
            }
            var answers: [Float] = []
            for range in chunks(of: batch, covering: rows) {
                let values = try dataset.readFloats(rows: range)
                let input = Tensor(sample.batched(range.count), values: values)
                answers += network.predict([input])[0].values
            }
            let file = try HDF5File.create()
            try file.root.makeDataset(
                out.dataset,
                shape: [rows] + network.shapes[output].dimensions,
                floats: answers
            )
            image = try file.image()
            count = rows
        } catch {
            throw JobFailure(error, file: PathParts(data.file).name)
        }
        do {
            try publish(image, to: out.file, on: RealFileSystem())
        } catch {
            throw JobFailure(error)
        }
        return count
    }
}
