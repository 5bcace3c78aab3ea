import Datasets
import Engine
import Graph
import Pruning
import Tensors

/// How well a model does on labelled samples, as Keras' `evaluate` counts it.
public struct ModelQuality: Codable, Hashable, Sendable {
    /// The samples.
    public var samples: Int
    /// The mean cross-entropy.
    public var loss: Double
    /// The share of samples whose largest output is their label.
    public var accuracy: Double
    /// The share of samples whose label is among the five largest outputs; nil with five classes or fewer.
    public var topFiveAccuracy: Double?

    /// Runs a network over samples.
    ///
    /// - Parameters:
    ///   - network: One input, one output [classes].
    ///   - samples: With a label each.
    ///   - batchSize: Samples at a time.
    /// - Throws: A failure where network, samples and labels do not fit.
    public init(
        of network: Network,
        on samples: SampleSet,
        batchSize: Int
    ) throws(JobFailure) {
        guard network.inputs.count == 1, network.outputs.count == 1 else {
            throw JobFailure(
                .severalInputsOrOutputs(
                    inputs: network.inputs.count,
                    outputs: network.outputs.count
                )
            )
        }
        let output = network.outputs[0]
        let classes = network.shapes[output].channels
        guard let labels = samples.labels, samples.count > 0, classes > 1,
            network.shapes[output].rank == 1
        else { throw .labelsMissing("evaluation") }
        guard labels.allSatisfy({ (0..<Int32(classes)).contains($0) }) else {
            let largest = Int(labels.max { abs($0) < abs($1) } ?? 0)
            throw JobFailure(.labelRange(classes: classes, largest: largest))
        }
        // The logits before a final softmax give a loss that does not suffer from its rounding.
        let isSoftmax = network.layer(of: output).kind == .activation(.softmax)
        let node = isSoftmax ? network.nodes[output].inputs[0] : output
        let inference = Inference(network)
        var total = 0.0
        var ranked = [0, 0]
        for range in chunks(of: max(batchSize, 1), covering: samples.count) {
            let inputs = [samples.batch(Array(range))]
            guard let answer = inference.values(of: [node], inputs: inputs)[node] else { continue }
            let own = Array(labels[range])
            total += Loss.crossEntropy(logits: answer, labels: own).value * Double(range.count)
            for (row, label) in own.enumerated() {
                let rank = Self.rank(of: Int(label), in: answer, row: row)
                if rank < 1 { ranked[0] += 1 }
                if rank < 5 { ranked[1] += 1 }
            }
        }
        let count = Double(samples.count)
        self.samples = samples.count
        loss = total / count
        accuracy = Double(ranked[0]) / count
        topFiveAccuracy = classes > 5 ? Double(ranked[1]) / count : nil
    }

    /// How many classes score higher; ties count for the lower class, as in NumPy's argmax.
    private static func rank(of label: Int, in answer: Tensor, row: Int) -> Int {
        let classes = answer.shape.channels
        let own = answer[row * classes + label]
        return (0..<classes).count { column in
            let other = answer[row * classes + column]
            return other > own || (other == own && column < label)
        }
    }
}
