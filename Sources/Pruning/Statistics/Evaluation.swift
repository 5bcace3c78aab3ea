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

    private init(_ whole: Evaluation, count: Int) {
        samples = whole.samples.choosing(Array(0..<count))
        head = whole.head
        batchSize = whole.batchSize
        labels = whole.labels.map { Array($0.prefix(count)) }
        targets = chunks(of: whole.batchSize, covering: count).enumerated().compactMap {
            $0.offset < whole.targets.count
                ? whole.targets[$0.offset].rows(0..<$0.element.count) : nil
        }
    }

    /// The same over the first samples only.
    func prefix(_ count: Int) -> Evaluation {
        count < samples.count ? Evaluation(self, count: count) : self
    }

    /// The batches.
    var batches: [Range<Int>] { chunks(of: batchSize, covering: samples.count) }

    /// The quality of a network, starting from known values where there are any.
    func quality(
        of network: Network,
        known: (Int) -> [Int: Tensor]? = { _ in nil }
    ) -> Quality {
        var tally = Tally()
        visit(network, known: known) { index, answer in
            let weight = Double(batches[index].count)
            guard let labels else {
                tally.loss +=
                    Loss.meanSquaredError(answer, target: targets[index]).value * weight
                return
            }
            let own = Array(labels[batches[index]])
            tally.loss += Loss.crossEntropy(logits: answer, labels: own).value * weight
            let ranks = labelRanks(answer, labels: own)
            tally.correct += ranks.count { $0 == 0 }
            tally.amongFive += ranks.count { $0 < 5 }
        }
        let count = Double(max(samples.count, 1))
        let hasFive = labels != nil && head.classes > 5
        return Quality(
            accuracy: labels.map { _ in Double(tally.correct) / count },
            topFiveAccuracy: hasFive ? Double(tally.amongFive) / count : nil,
            loss: tally.loss / count
        )
    }

    /// The quality with the confusion matrix of up to a hundred classes.
    func result(of network: Network) -> TestResult {
        var answers: [Tensor] = []
        visit(network) { answers.append($1) }
        // With labels the answers are logits, without outputs; a network without a last activation has one node for both.
        let node = labels == nil ? head.output : head.logits
        let quality = quality(of: network) { [node: answers[$0]] }
        guard let labels, head.classes <= Self.mostClasses else {
            return TestResult(quality: quality, confusion: nil)
        }
        let row = [Int](repeating: 0, count: head.classes)
        var confusion = [[Int]](repeating: row, count: head.classes)
        for (index, range) in batches.enumerated() {
            for (offset, sample) in range.enumerated() {
                confusion[Int(labels[sample])][answers[index].largestChannel(ofRow: offset)] += 1
            }
        }
        return TestResult(quality: quality, confusion: confusion)
    }

    /// A confusion matrix of more classes is not kept.
    private static let mostClasses = 100

    private struct Tally {
        var loss = 0.0
        var correct = 0
        var amongFive = 0
    }

    /// Shows the answer to each batch: logits with labels, outputs without.
    private func visit(
        _ network: Network,
        known: (Int) -> [Int: Tensor]? = { _ in nil },
        _ body: (Int, Tensor) -> Void
    ) {
        let inference = Inference(network)
        let node = labels == nil ? head.output : head.logits
        for (index, range) in batches.enumerated() {
            let cached = known(index)
            let inputs = cached == nil ? [samples.batch(Array(range))] : []
            let values = inference.values(of: [node], inputs: inputs, known: cached ?? [:])
            if let answer = values[node] { body(index, answer) }
        }
    }
}

extension Tensor {
    /// The channel with the largest value of one row; of equals the lowest.
    func largestChannel(ofRow row: Int) -> Int {
        let width = shape.channels
        return (0..<width).max { left, right in
            (self[row * width + left], -left) < (self[row * width + right], -right)
        } ?? 0
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
