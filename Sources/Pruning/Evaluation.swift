import Datasets
import Engine
import Graph
import Tensors

/// Measures networks on samples, batch by batch, with sums in a fixed order.
struct Evaluation: Sendable {
    let samples: SampleSet
    let head: ModelHead
    let batchSize: Int
    /// The class of each sample, or nil where the loss is taken against the teacher's outputs.
    let labels: [Int32]?
    /// The teacher's outputs, one tensor per batch; empty where there are labels.
    let targets: [Tensor]

    init(samples: SampleSet, teacher: Network, head: ModelHead, batchSize: Int) {
        self.samples = samples
        self.head = head
        self.batchSize = batchSize
        labels = samples.classLabels(for: head, shape: teacher.shapes[head.output])
        guard labels == nil else {
            targets = []
            return
        }
        let inference = Inference(teacher)
        targets = chunks(of: batchSize, covering: samples.count).compactMap { range in
            inference.values(of: [head.output], inputs: [samples.batch(Array(range))])[head.output]
        }
    }

    /// The batches.
    var batches: [Range<Int>] { chunks(of: batchSize, covering: samples.count) }

    /// The quality of a network, starting from known values where there are any.
    func quality(
        of network: Network,
        known: (Int) -> [Int: Tensor]? = { _ in nil }
    ) -> Quality {
        let inference = Inference(network)
        let node = labels == nil ? head.output : head.logits
        var total = 0.0
        var correct = 0
        var amongFive = 0
        for (index, range) in batches.enumerated() {
            let cached = known(index)
            let inputs = cached == nil ? [samples.batch(Array(range))] : []
            let values = inference.values(of: [node], inputs: inputs, known: cached ?? [:])
            guard let answer = values[node] else { continue }
            let weight = Double(range.count)
            if let labels {
                let own = Array(labels[range])
                total += Loss.crossEntropy(logits: answer, labels: own).value * weight
                let ranks = labelRanks(answer, labels: own)
                correct += ranks.count { $0 == 0 }
                amongFive += ranks.count { $0 < 5 }
            } else {
                total += Loss.meanSquaredError(answer, target: targets[index]).value * weight
            }
        }
        let count = Double(max(samples.count, 1))
        return Quality(
            accuracy: labels.map { _ in Double(correct) / count },
            topFiveAccuracy: labels != nil && head.classes > 5 ? Double(amongFive) / count : nil,
            loss: total / count
        )
    }
}

extension Quality {
    /// Measures a classifier on labelled samples.
    ///
    /// - Parameters:
    ///   - network: One input, one output [classes].
    ///   - samples: What it is shown.
    ///   - batchSize: Samples at a time.
    /// - Throws: ``CompressionError`` where network and labels do not fit.
    public init?(
        of network: Network,
        on samples: SampleSet,
        batchSize: Int
    ) throws(CompressionError) {
        let head = try ModelHead(network)
        let shape = network.shapes[head.output]
        guard samples.count > 0, samples.classLabels(for: head, shape: shape) != nil else {
            return nil
        }
        try samples.checkLabels(for: head, shape: shape)
        self = Evaluation(samples: samples, teacher: network, head: head, batchSize: batchSize)
            .quality(of: network)
    }
}

/// For each row, how many classes score higher than its label; ties count for the lower class.
func labelRanks(_ answer: Tensor, labels: [Int32]) -> [Int] {
    let classes = answer.shape.channels
    return labels.enumerated().map { row, label in
        let own = answer[row * classes + Int(label)]
        return (0..<classes).count { column in
            let other = answer[row * classes + column]
            return other > own || (other == own && column < Int(label))
        }
    }
}
