import Datasets
import Engine
import Graph
import Tensors

/// How a classifier is trained from nothing, by the engine that later compresses it.
public struct ClassifierTraining: Sendable {
    /// Keys the order of the samples and all noise.
    public var name: String
    /// Passes over the samples.
    public var epochs: Int
    /// Samples of a step.
    public var batchSize: Int
    /// The highest learning rate, from which it falls along half a cosine.
    public var learningRate: Double
    /// The batches in which the rate rises, as a share of an epoch.
    public var warmup: Double
    /// The rule of the steps.
    public var rule: Optimizer.Rule
    /// The pull of kernels towards zero.
    public var weightDecay: Double
    /// Whether images are shifted and mirrored at random.
    public var augments: Bool

    /// Makes a recipe; the default takes Adam, half an epoch of warm-up and the images as they are.
    public init(
        name: String,
        epochs: Int,
        batchSize: Int = 64,
        learningRate: Double = 0.004,
        warmup: Double = 0.5,
        rule: Optimizer.Rule = .adam(),
        weightDecay: Double = 0,
        augments: Bool = false
    ) {
        self.name = name
        self.epochs = epochs
        self.batchSize = batchSize
        self.learningRate = learningRate
        self.warmup = warmup
        self.rule = rule
        self.weightDecay = weightDecay
        self.augments = augments
    }

    /// Trains a classifier.
    ///
    /// - Parameters:
    ///   - network: Ends in a softmax over the classes.
    ///   - samples: With a label each.
    ///   - observe: Told the mean loss after each epoch, and the network as it is then.
    /// - Returns: The trained network, with its moving BatchNorm statistics.
    public func train(
        _ network: Network,
        on samples: SampleSet,
        observe: (_ epoch: Int, _ loss: Double, _ network: Network) throws -> Void
    ) rethrows -> Network {
        guard let labels = samples.labels else { return network }
        let batches = (samples.count + batchSize - 1) / batchSize
        let schedule = LearningRateSchedule(
            peak: learningRate,
            steps: epochs * batches,
            warmupSteps: Int(warmup * Double(batches))
        )
        var network = network
        var optimizer = Optimizer(rule, weightDecay: weightDecay)
        for epoch in 0..<epochs {
            var random = CounterRandom(seed: 0, stage: "\(name) order", step: UInt64(epoch))
            let order = random.permutation(samples.count)
            var total = 0.0
            for (batch, range) in chunks(of: batchSize, covering: samples.count).enumerated() {
                let indices = Array(order[range])
                let step = epoch * batches + batch
                let loss = Self.step(
                    &network,
                    with: &optimizer,
                    rate: schedule.rate(at: step),
                    batch: self.batch(of: samples, indices, step: step),
                    labels: indices.map { labels[$0] },
                    noise: CounterRandom(seed: 0, stage: name, step: UInt64(step))
                )
                total += loss * Double(indices.count)
            }
            try observe(epoch, total / Double(samples.count), network)
        }
        return network
    }

    private func batch(of samples: SampleSet, _ indices: [Int], step: Int) -> Tensor {
        guard augments else { return samples.batch(indices) }
        var random = CounterRandom(seed: 0, stage: "\(name) augmentation", step: UInt64(step))
        let augmentations = indices.map { _ in
            Augmentation.random(for: samples.sampleShape, using: &random)
        }
        return samples.batch(indices, augmentations: augmentations)
    }

    /// Takes one step and answers the loss before it.
    private static func step(
        _ network: inout Network,
        with optimizer: inout Optimizer,
        rate: Double,
        batch: Tensor,
        labels: [Int32],
        noise: CounterRandom
    ) -> Double {
        let logits = network.nodes[network.outputs[0]].inputs[0]
        var pass = TrainingPass(network, inputs: [batch], random: noise)
        let loss = Loss.crossEntropy(logits: pass.values[logits], labels: labels)
        let gradients = pass.backward([logits: loss.gradient])
        network.updateMovingStatistics(from: pass)
        optimizer.step(&network, gradients: gradients, learningRate: rate)
        return loss.value
    }
}
