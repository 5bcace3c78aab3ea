import Engine
import Tensors

/// A loss summed over samples, against given labels or against answers drawn from the network's own distribution.
///
/// A network's distance to itself has no gradient. The Fisher information of its answers is the mean square of the
/// gradient against answers drawn from them (METHODS 3, one-shot variant): classes from the softmax, or, where the answer
/// is no softmax, numbers with a normal error of deviation one, whose loss is half the squared difference.
///
/// Source: Kunstner, Balles, Hennig 2019, "Limitations of the Empirical Fisher Approximation for Natural
///   Gradient Descent", arXiv:1905.12558, for the difference between given labels and drawn ones.
struct SampledLoss {
    /// Whether the answer is a softmax over its last axis.
    let isCategorical: Bool
    /// The class of each sample, if known.
    let labels: [Int32]?
    /// What answers are drawn with; each sample has a stream of its own.
    let seed: UInt64

    /// The gradient of the sum over samples with respect to the logits of some samples.
    func gradient(of logits: Tensor, samples: Range<Int>) -> Tensor {
        let classes = logits.shape.channels
        let rows = logits.count / max(classes, 1)
        let flat = logits.reshaped([rows, classes])
        let wanted: [Int32]
        if let labels {
            wanted = Array(labels[samples])
        } else if isCategorical {
            wanted = drawnClasses(flat, samples: samples)
        } else {
            return drawnErrors(logits.shape, samples: samples)
        }
        var gradient = Loss.crossEntropy(logits: flat, labels: wanted).gradient
        // The loss is a mean over the rows; samples must not weigh less in larger batches.
        gradient.withUnsafeMutablePointer { values in
            for position in 0..<flat.count { values[position] *= Float(rows) }
        }
        return gradient.reshaped(logits.shape)
    }

    private func drawnClasses(_ logits: Tensor, samples: Range<Int>) -> [Int32] {
        let classes = logits.shape.channels
        let rowsPerSample = logits.shape[0] / max(samples.count, 1)
        return samples.enumerated().flatMap { offset, sample in
            var random = stream(sample)
            return (0..<rowsPerSample).map { row in
                let start = (offset * rowsPerSample + row) * classes
                let own = (start..<start + classes).map { Double(logits[$0]) }
                return Self.drawn(own, at: Double(random.nextUniform()))
            }
        }
    }

    /// The class at a point of [0, 1) when classes are laid side by side by probability.
    private static func drawn(_ logits: [Double], at point: Double) -> Int32 {
        let largest = logits.max() ?? 0
        let shares = logits.map { Double.exponential($0 - largest) }
        var left = point * shares.reduce(0, +)
        for (index, share) in shares.enumerated() {
            left -= share
            if left < 0 { return Int32(index) }
        }
        return Int32(max(0, logits.count - 1))
    }

    private func drawnErrors(_ shape: Shape, samples: Range<Int>) -> Tensor {
        let length = shape.withoutBatch.count
        return Tensor(
            shape,
            values: samples.flatMap { sample in
                var random = stream(sample)
                return (0..<length).map { _ in random.nextNormal() }
            }
        )
    }

    private func stream(_ sample: Int) -> CounterRandom {
        CounterRandom(seed: seed, stage: "drawn answers", step: UInt64(sample))
    }
}
