import HDF5
import Tensors

/// Why the samples a spec names cannot be used.
public enum DataError: Error, Hashable, Sendable {
    /// The file cannot be read as HDF5.
    case unreadable(path: String, reason: String)
    /// The file has no dataset of that name; carries the names it has.
    case datasetMissing(path: String, name: String, found: [String])
    /// A dataset does not have the shape or the values it should have.
    case mismatch(path: String, name: String, expected: String, found: String)
}

/// How labels are stored.
public enum LabelKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// Integers where there is one number per sample, one-hot where there are several.
    case automatic = "auto"
    /// One class number per sample.
    case integer
    /// One row per sample with its largest number at the class.
    case oneHot = "one_hot"
    /// There are none.
    case none
}

/// Which datasets of a file are used, and how.
public struct DataSelection: Sendable, Hashable {
    /// The training samples' dataset.
    public var xTrain = "x_train"
    /// The training labels' dataset.
    public var yTrain = "y_train"
    /// The test samples' dataset.
    public var xTest = "x_test"
    /// The test labels' dataset.
    public var yTest = "y_test"
    /// How labels are stored.
    public var labels = LabelKind.automatic
    /// What is done to the numbers of a sample.
    public var preprocessing = Preprocessing()
    /// The share of training samples held out for decisions.
    public var validation = 0.1
    /// The most training samples that are read.
    public var limitTrain: Int?
    /// The most test samples that are read.
    public var limitTest: Int?
    /// What the held-out samples are drawn by.
    public var seed: UInt64 = 0

    /// Makes the default selection.
    public init() {}
}

/// The samples of a file, split.
public struct LoadedData: Sendable {
    /// For statistics and training.
    public let training: SampleSet
    /// Held out of training.
    public let validation: SampleSet
    /// The test samples, where the file has any.
    public let test: SampleSet?
}

/// Reads samples from HDF5 files.
public enum HDF5Data {
    /// Reads and splits the samples a spec names.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - selection: Which datasets, and how.
    ///   - sampleShape: What the network takes, without the batch.
    /// - Returns: The samples, split by the selection's seed.
    /// - Throws: ``DataError`` naming the file and the dataset.
    public static func load(
        path: String,
        selection: DataSelection,
        sampleShape: Shape
    ) throws(DataError) -> LoadedData {
        let reader = try HDF5SampleReader(path: path, sampleShape: sampleShape)
        let all = try reader.samples(
            selection.xTrain,
            labels: selection.labels == .none ? nil : selection.yTrain,
            selection: selection,
            limit: selection.limitTrain
        )
        guard all.count >= 2 else {
            throw .mismatch(
                path: path,
                name: selection.xTrain,
                expected: "two samples or more",
                found: "\(all.count)"
            )
        }
        var random = CounterRandom(seed: selection.seed, stage: "validation")
        let order = random.permutation(all.count)
        let share = Int((selection.validation * Double(all.count)).rounded())
        let held = min(max(share, 1), all.count - 1)
        let test =
            try reader.names.contains(selection.xTest)
            ? reader.samples(
                selection.xTest,
                labels: selection.labels == .none ? nil : selection.yTest,
                selection: selection,
                limit: selection.limitTest
            ) : nil
        return LoadedData(
            training: all.choosing(order[held...].sorted()),
            validation: all.choosing(order[..<held].sorted()),
            test: test
        )
    }
}

/// One open data file.
private struct HDF5SampleReader {
    let path: String
    let sampleShape: Shape
    let file: HDF5File
    let names: [String]

    init(path: String, sampleShape: Shape) throws(DataError) {
        self.path = path
        self.sampleShape = sampleShape
        (file, names) = try Self.reading(path) { () throws(HDF5Error) in
            let file = try HDF5File(readingPath: path)
            return (file, try file.root.childNames())
        }
    }

    /// Does something with the file; what HDF5 refuses makes the data unreadable.
    private static func reading<Result>(
        _ path: String,
        _ body: () throws(HDF5Error) -> Result
    ) throws(DataError) -> Result {
        do {
            return try body()
        } catch {
            throw .unreadable(path: path, reason: "\(error)")
        }
    }

    func samples(
        _ name: String,
        labels: String?,
        selection: DataSelection,
        limit: Int?
    ) throws(DataError) -> SampleSet {
        let dataset = try dataset(name)
        let found = Shape(dataset.shape)
        let expected = sampleShape.batched(found.dimensions.first ?? 0)
        // A grey image may be stored without its channel axis.
        guard found == expected || Shape(found.dimensions + [1]) == expected else {
            throw .mismatch(
                path: path,
                name: name,
                expected: "N samples of shape \(sampleShape)",
                found: "shape \(found)"
            )
        }
        let count = min(limit ?? found[0], found[0])
        let areBytes = dataset.elementType == .integer(bits: 8, isSigned: false)
        let storage = try Self.reading(path) { () throws(HDF5Error) -> SampleSet.Storage in
            areBytes
                ? .bytes(try dataset.readBytes(rows: 0..<count, limit: 1 << 34))
                : .floats(try dataset.readFloats(rows: 0..<count, limit: 1 << 32))
        }
        return SampleSet(
            storage: storage,
            sampleShape: sampleShape,
            labels: try labels.map { (name) throws(DataError) in
                try self.labels(name, count: count, kind: selection.labels)
            },
            preprocessing: selection.preprocessing
        )
    }

    private func labels(
        _ name: String,
        count: Int,
        kind: LabelKind
    ) throws(DataError) -> [Int32] {
        let dataset = try dataset(name)
        let shape = dataset.shape
        let width = shape.dropFirst().reduce(1, *)
        guard let rows = shape.first, rows >= count, width >= 1, shape.count <= 2 else {
            throw .mismatch(
                path: path,
                name: name,
                expected: "\(count) labels",
                found: "shape \(Shape(shape))"
            )
        }
        if kind == .oneHot || (kind == .automatic && width > 1) {
            let values = try Self.reading(path) { () throws(HDF5Error) in
                try dataset.readFloats(rows: 0..<count)
            }
            return (0..<count).map { row in
                let own = values[row * width..<(row + 1) * width]
                return Int32((own.firstIndex(of: own.max() ?? 0) ?? 0) - row * width)
            }
        }
        let values = try Self.reading(path) { () throws(HDF5Error) in
            try dataset.readIntegers(rows: 0..<count)
        }
        guard width == 1, values.allSatisfy({ (0..<1 << 24).contains($0) }) else {
            throw .mismatch(
                path: path,
                name: name,
                expected: "one class number from 0 per sample",
                found: "shape \(Shape(shape)), \(values.min() ?? 0) to \(values.max() ?? 0)"
            )
        }
        return values.map { Int32($0) }
    }

    private func dataset(_ name: String) throws(DataError) -> HDF5Dataset {
        guard names.contains(name) else {
            throw .datasetMissing(path: path, name: name, found: names)
        }
        return try Self.reading(path) { () throws(HDF5Error) in try file.root.dataset(name) }
    }
}
