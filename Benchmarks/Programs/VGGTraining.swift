import Datasets
import Durability
import Engine
import Foundation
import KerasFormat
import Service
import Tensors

/// Trains VGG-16's thirteen convolutions at a quarter of their widths, from random weights and by the engine that later
/// compresses the result.
///
/// Source: Simonyan, Zisserman 2015, "Very Deep Convolutional Networks", arXiv:1409.1556, table 1, column D, for the layout.
enum VGGTraining {
    private static let side = 32
    private static let widths = [
        [16, 16], [32, 32], [64, 64, 64], [128, 128, 128], [128, 128, 128],
    ]

    private static var untrained: NewModel {
        var vgg = NewModel(name: "vgg", image: [side, side, 3])
        for (block, widths) in widths.enumerated() {
            for (index, width) in widths.enumerated() {
                vgg.convolve("block\(block + 1)_conv\(index + 1)", filters: width)
            }
            vgg.halve("block\(block + 1)_pool")
        }
        vgg.average("features")
        vgg.classify("classes", classes: 10)
        return vgg
    }

    /// Trains on the samples that a spec with the default seed does not hold out; `out` is replaced after each epoch.
    static func run(data path: String, out: String, epochs: Int) throws {
        let model = try KerasModel.read(image: untrained.image())
        let data = try HDF5Data.load(
            path: path,
            selection: DataSelection(),
            sampleShape: Shape([side, side, 3])
        )
        let recipe = ClassifierTraining(
            name: "vgg",
            epochs: epochs,
            batchSize: 128,
            learningRate: 0.1,
            warmup: 1,
            rule: .momentum(0.9, isNesterov: true),
            weightDecay: 5e-4,
            augments: true
        )
        let clock = ContinuousClock()
        let start = clock.now
        _ = try recipe.train(model.network, on: data.training) { epoch, loss, network in
            try publish(model.image(replacing: network), to: out, on: RealFileSystem())
            let quality = try ModelQuality(of: network, on: data.validation, batchSize: 128)
            let figures = String(format: "loss %.4f, held-out %.4f", loss, quality.accuracy)
            let seconds = (clock.now - start).components.seconds
            say("epoch \(epoch + 1) of \(epochs): \(figures), \(seconds) s")
        }
    }
}
