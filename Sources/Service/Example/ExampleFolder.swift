import Datasets
import Durability
import HDF5
import JobFiles
import KerasFormat
import Pruning
import Tensors

/// A folder with a sample data set, a trained sample model and its spec, ready to be dropped.
public struct ExampleFolder {
    /// Training samples; the test has a third as many.
    public static let trainingSamples = 3000
    private static let testSamples = 1000
    private static let epochs = 10

    /// What the trained model reaches on the test samples.
    public let quality: ModelQuality
    /// The files that were written.
    public let files: [String]

    /// Draws the images, trains the model and writes `example.h5`, `example.yaml` and `example-data.h5`.
    ///
    /// The same machine writes the same bytes each time.
    ///
    /// - Parameters:
    ///   - folder: Where; made where it is missing. Files of these names are replaced.
    ///   - observe: Told in words how far it is.
    /// - Throws: ``JobFailure`` where the folder cannot be written.
    public init(writingTo folder: String, observe: (String) -> Void) throws {
        let training = ExampleImages(count: Self.trainingSamples, stage: "train", seed: 1)
        let test = ExampleImages(count: Self.testSamples, stage: "test", seed: 1)
        let classes = ExampleImages.classNames.count
        let model = try KerasModel.read(image: NewModel.example(classes: classes).image())
        let recipe = ClassifierTraining(name: "example", epochs: Self.epochs)
        let trained = recipe.train(model.network, on: Self.samples(training)) { epoch, loss, _ in
            observe("epoch \(epoch + 1) of \(Self.epochs): loss \(loss)")
        }
        quality = try ModelQuality(of: trained, on: Self.samples(test), batchSize: 100)
        let contents: [(String, [UInt8])] = [
            ("example-data.h5", try Self.data(training, test)),
            ("example.h5", try model.image(replacing: trained)),
            ("example.yaml", Array(Self.spec.utf8)),
        ]
        let fileSystem = RealFileSystem()
        var files: [String] = []
        do {
            try fileSystem.makeDurableFolder(folder)
            for (name, bytes) in contents {
                try publish(bytes, to: "\(folder)/\(name)", on: fileSystem)
                files.append("\(folder)/\(name)")
            }
        } catch {
            throw JobFailure(error)
        }
        self.files = files
    }

    private static func samples(_ images: ExampleImages) -> SampleSet {
        SampleSet(
            storage: .bytes(images.pixels),
            sampleShape: [ExampleImages.side, ExampleImages.side, 3],
            labels: images.labels.map(Int32.init)
        )
    }

    private static func data(_ training: ExampleImages, _ test: ExampleImages) throws -> [UInt8] {
        let file = try HDF5File.create()
        for (name, images) in [("train", training), ("test", test)] {
            let shape = [images.labels.count, ExampleImages.side, ExampleImages.side, 3]
            try file.root.makeDataset("x_\(name)", shape: shape, bytes: images.pixels)
            try file.root.makeDataset(
                "y_\(name)",
                shape: [images.labels.count],
                integers: images.labels
            )
        }
        return try file.image()
    }

    private static let spec = """
        # Half the multiply-accumulates; everything else by default.
        # Docs/spec.md lists what else can be said.
        data: {file: example-data.h5}
        budget: {macs: 0.5}

        """
}
