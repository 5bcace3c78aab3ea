import Datasets
import Engine
import Graph
import HDF5
import KerasFormat
import Pruning
import Tensors

/// The sample model: written as Keras would write it, and trained by the engine that later compresses it.
enum ExampleModel {
    /// The version whose form of `.h5` is written.
    private static let kerasVersion = "3.0.0"

    /// The untrained model as a Keras `.h5` image.
    static func untrained(classes: Int) throws -> [UInt8] {
        let architecture = ExampleArchitecture(classes: classes)
        let file = try HDF5File.create()
        let attributes = file.root.attributes
        try attributes.set("keras_version", string: kerasVersion)
        try attributes.set("backend", string: "tensorflow")
        try attributes.set("model_config", string: architecture.configuration(name: "example"))
        let weights = try file.root.makeGroup("model_weights")
        try weights.attributes.set("keras_version", string: kerasVersion)
        try weights.attributes.set("backend", string: "tensorflow")
        try weights.attributes.set("layer_names", strings: architecture.layers.map(\.name))
        for layer in architecture.layers {
            let group = try weights.makeGroup(layer.name)
            let names = layer.weights.map { "\(layer.name)/\($0.name)" }
            guard !names.isEmpty else {
                // Keras itself leaves an empty list of floats where a layer has no weights.
                try group.attributes.set("weight_names", floats: [])
                continue
            }
            try group.attributes.set("weight_names", strings: names)
            let inner = try group.makeGroup(layer.name)
            for weight in layer.weights {
                try inner.makeDataset(
                    weight.name,
                    shape: weight.shape,
                    floats: ExampleArchitecture.initial(weight, of: layer.name)
                )
            }
        }
        let top = try weights.makeGroup("top_level_model_weights")
        try top.attributes.set("weight_names", floats: [])
        return try file.image()
    }

    /// Trains a classifier with Adam along half a cosine.
    ///
    /// - Parameters:
    ///   - network: Ends in a softmax over the classes.
    ///   - samples: With a label each.
    ///   - epochs: Passes over the samples.
    ///   - observe: Told the mean loss after each epoch.
    /// - Returns: The trained network, with BatchNorm statistics of the training samples.
    static func train(
        _ network: Network,
        on samples: SampleSet,
        epochs: Int,
        observe: (_ epoch: Int, _ loss: Double) -> Void
    ) -> Network {
        guard let labels = samples.labels else { return network }
        let batchSize = 64
        let batches = (samples.count + batchSize - 1) / batchSize
        let logits = network.nodes[network.outputs[0]].inputs[0]
        let schedule = LearningRateSchedule(
            peak: 0.004,
            steps: epochs * batches,
            warmupSteps: batches / 2
        )
        var network = network
        var optimizer = Optimizer(.adam())
        for epoch in 0..<epochs {
            var random = CounterRandom(seed: 0, stage: "example order", step: UInt64(epoch))
            let order = random.permutation(samples.count)
            var total = 0.0
            for (batch, range) in chunks(of: batchSize, covering: samples.count).enumerated() {
                let indices = Array(order[range])
                let step = epoch * batches + batch
                let noise = CounterRandom(seed: 0, stage: "example", step: UInt64(step))
                var pass = TrainingPass(network, inputs: [samples.batch(indices)], random: noise)
                let loss = Loss.crossEntropy(
                    logits: pass.values[logits],
                    labels: indices.map { labels[$0] }
                )
                let gradients = pass.backward([logits: loss.gradient])
                network.updateMovingStatistics(from: pass)
                optimizer.step(
                    &network,
                    gradients: gradients,
                    learningRate: schedule.rate(at: step)
                )
                total += loss.value * Double(indices.count)
            }
            observe(epoch, total / Double(samples.count))
        }
        return network
    }
}
