import Datasets
import Engine
import Graph
import KerasFormat
import Service
import Tensors
import Testing

@Suite("Models written and trained from nothing")
struct NewModelTests {
    private func model() -> NewModel {
        var model = NewModel(name: "small", image: [16, 16, 3])
        model.convolve("first", filters: 4)
        model.halve("pool")
        model.convolve("second", filters: 6, strides: 2)
        model.average("features")
        model.classify("classes", classes: 2)
        return model
    }

    /// Images of one colour each, red or blue, under noise.
    private func samples() -> SampleSet {
        var random = CounterRandom(seed: 1, stage: "colours")
        let labels = (0..<96).map { Int32($0 % 2) }
        let pixels = labels.flatMap { label in
            (0..<256).flatMap { _ in
                [label == 0 ? 150 : 90, 60, label == 0 ? 90 : 150].map {
                    UInt8($0 + Int(30 * random.nextUniform()))
                }
            }
        }
        return SampleSet(storage: .bytes(pixels), sampleShape: [16, 16, 3], labels: labels)
    }

    @Test("a new model is read back with the layers that were written, from He's weights")
    func written() throws {
        let network = try KerasModel.read(image: model().image()).network
        let kernels = network.layers.filter { $0.weights.first?.shape.rank == 4 }
        #expect(kernels.map(\.name) == ["first", "second"])
        #expect(kernels.map { $0.weights[0].shape } == [[3, 3, 3, 4], [3, 3, 4, 6]])
        #expect(network.cost.macs == 256 * 27 * 4 + 16 * 36 * 6 + 12)
        #expect(network.cost.parameters == 108 + 16 + 216 + 24 + 14)
        #expect(network.shapes[network.outputs[0]] == [2])
        for kernel in kernels.map({ $0.weights[0] }) {
            let squares = kernel.values.reduce(0) { $0 + Double($1) * Double($1) }
            let fanIn = Double(kernel.count / kernel.shape.channels)
            #expect(abs(squares / Double(kernel.count) * fanIn / 2 - 1) < 0.4)
        }
        #expect(try model().image() == model().image())
    }

    @Test("training learns to tell colours apart, and equal recipes give equal bits")
    func trained() throws {
        let network = try KerasModel.read(image: model().image()).network
        let recipe = ClassifierTraining(
            name: "colours",
            epochs: 5,
            batchSize: 16,
            learningRate: 0.05,
            rule: .momentum(0.9, isNesterov: true),
            weightDecay: 1e-4,
            augments: true
        )
        var losses: [Double] = []
        let trained = recipe.train(network, on: samples()) { _, loss, _ in losses.append(loss) }
        #expect(losses.count == 5)
        #expect(losses[4] < 0.5 * losses[0])
        let quality = try ModelQuality(of: trained, on: samples(), batchSize: 32)
        #expect(quality.accuracy > 0.95)
        let again = recipe.train(network, on: samples()) { _, _, _ in }
        #expect(again.layers == trained.layers)
        var plain = recipe
        plain.augments = false
        #expect(plain.train(network, on: samples()) { _, _, _ in }.layers != trained.layers)
    }
}
