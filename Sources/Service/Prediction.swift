import Datasets
import Durability
import Engine
import Graph
import HDF5
import JobFiles
import KerasFormat
import Tensors

/// Runs a model over datasets and writes what it answers.
public struct Prediction {
    /// A dataset in a file.
    public struct Place: Hashable, Sendable {
        /// The path of the HDF5 file.
        public var file: String
        /// The path of the dataset within it.
        public var dataset: String

        /// Makes a place.
        public init(file: String, dataset: String) {
            self.file = file
            self.dataset = dataset
        }
    }

    private let network: Network
    private let name: String

    /// Reads the model.
    public init(model path: String) throws(JobFailure) {
        network = try ModelDescription.model(path: path).network
        name = PathParts(path).name
    }

    /// Writes every output for every sample as 32-bit floats; an existing output file is replaced whole.
    ///
    /// - Parameters:
    ///   - data: The samples of each input, in the model's order.
    ///   - out: Where each output goes, in the model's order; several may be in one file.
    ///   - batch: Samples at a time.
    /// - Returns: The number of samples.
    /// - Throws: ``JobFailure`` where the places do not fit the model or a file cannot be read or written.
    public func run(data: [Place], out: [Place], batch: Int) throws(JobFailure) -> Int {
        try expect(data.count, of: "input", network.inputs)
        try expect(out.count, of: "output", network.outputs)
        var datasets: [HDF5Dataset] = []
        for (place, input) in zip(data, network.inputs) {
            datasets.append(try samples(in: place, for: input))
        }
        let rows = datasets[0].shape[0]
        guard datasets.allSatisfy({ $0.shape[0] == rows }) else {
            throw JobFailure(
                code: "sample-counts",
                message: "The inputs have different numbers of samples: received "
                    + datasets.map { "\($0.shape[0])" }.joined(separator: ", ") + ".",
                hint: "Give every input the same samples."
            )
        }
        var answers = [[Float]](repeating: [], count: out.count)
        for range in chunks(of: batch, covering: rows) {
            var inputs: [Tensor] = []
            for (index, dataset) in datasets.enumerated() {
                let shape = network.shapes[network.inputs[index]].batched(range.count)
                let values = try reading(data[index]) { () throws(HDF5Error) in
                    try dataset.readFloats(rows: range)
                }
                inputs.append(Tensor(shape, values: values))
            }
            for (index, values) in network.predict(inputs).enumerated() {
                answers[index] += values.values
            }
        }
        try write(answers, to: out, rows: rows)
        return rows
    }

    private func expect(_ count: Int, of kind: String, _ nodes: [Int]) throws(JobFailure) {
        guard count != nodes.count else { return }
        let names = nodes.map { network.layers[network.nodes[$0].layer].name }
        throw JobFailure(
            code: "predict-places",
            message: "\(name) has \(nodes.count) \(kind)s (\(names.joined(separator: ", "))). "
                + "Received \(count) FILE:DATASET.",
            hint: "Give --\(kind == "input" ? "data" : "out") once for each, in this order."
        )
    }

    private func samples(in place: Place, for input: Int) throws(JobFailure) -> HDF5Dataset {
        let sample = network.shapes[input]
        return try reading(place) { () throws(HDF5Error) in
            let dataset = try HDF5File(readingPath: place.file).root.dataset(place.dataset)
            guard dataset.shape.first != nil, Array(dataset.shape.dropFirst()) == sample.dimensions
            else {
                throw .unexpected(
                    path: place.dataset,
                    expected: "[N, \(sample.dimensions)]",
                    found: "\(dataset.shape)"
                )
            }
            return dataset
        }
    }

    private func reading<Value>(
        _ place: Place,
        _ body: () throws(HDF5Error) -> Value
    ) throws(JobFailure) -> Value {
        do {
            return try body()
        } catch {
            throw JobFailure(error, file: PathParts(place.file).name)
        }
    }

    private func write(_ answers: [[Float]], to out: [Place], rows: Int) throws(JobFailure) {
        for path in Set(out.map(\.file)).sorted() {
            let image = try reading(Place(file: path, dataset: "")) { () throws(HDF5Error) in
                let file = try HDF5File.create()
                for (index, place) in out.enumerated() where place.file == path {
                    let shape = [rows] + network.shapes[network.outputs[index]].dimensions
                    try file.root.makeDataset(place.dataset, shape: shape, floats: answers[index])
                }
                return try file.image()
            }
            do {
                try publish(image, to: path, on: RealFileSystem())
            } catch {
                throw JobFailure(error)
            }
        }
    }
}
