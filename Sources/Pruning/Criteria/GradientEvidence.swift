import Datasets
import Engine
import Graph
import Tensors

/// What units are worth by the loss's derivative with respect to a mask on what reads them.
///
/// A mask multiplies a unit's channels at the input of every layer that reads them. For sample n its derivative is
/// `d_n = sum over readers and pixels of activation x gradient`, the readers' own gradients inside the sum. BatchNorm runs
/// by its moving statistics, so that no sample's derivative depends on the others.
///
/// Source: Liu et al. 2021, "Group Fisher Pruning", arXiv:2108.00708, equations 1 to 4, for `fisher = sum d_n^2`.
///   Differs: depthwise and grouped convolutions only pass a mask on, and have none of their own.
/// Source: Molchanov et al. 2017, "Pruning Convolutional Neural Networks for Resource Efficient Inference",
///   arXiv:1611.06440, for `taylor = sum |d_n|`. Differs: taken where channels are read, summed over a coupled
///   group's readers inside the absolute value; sums over pixels, not means, so that layers can be compared.
public struct GradientEvidence: Sendable, Hashable {
    /// For each group, for each unit, the sum over samples of the squared derivative; the smallest goes first.
    public let fisher: [[Double]]
    /// For each group, for each unit, the sum over samples of the derivative's magnitude; the smallest goes first.
    public let taylor: [[Double]]

    /// Measures all groups in one walk over the samples; the result does not depend on the number of threads.
    ///
    /// - Parameters:
    ///   - network: The network; nothing of it is trained.
    ///   - groups: Its groups.
    ///   - samples: What it is shown.
    ///   - labels: The class of each sample, for the cross-entropy; nil for ``SampledLoss``, the network's own answers.
    ///   - batchSize: Samples at a time.
    ///   - seed: What the network's own answers are drawn with.
    /// - Throws: ``CompressionError`` for a network with several inputs or outputs.
    public init(
        network: Network,
        groups: [CoupledGroup],
        samples: SampleSet,
        labels: [Int32]?,
        batchSize: Int,
        seed: UInt64
    ) throws(CompressionError) {
        let head = try ModelHead(network)
        let frozen = network.frozen
        let readers = MaskReader.all(of: groups, in: network)
        let loss = SampledLoss(isCategorical: head.isSoftmax, labels: labels, seed: seed)
        var fisher = groups.map { [Double](repeating: 0, count: $0.width) }
        var taylor = fisher
        for range in chunks(of: batchSize, covering: samples.count) {
            var pass = TrainingPass(
                frozen,
                inputs: [samples.batch(Array(range))],
                reading: [head.logits],
                random: CounterRandom(seed: seed, stage: "evidence")
            )
            let gradient = loss.gradient(of: pass.values[head.logits], samples: range)
            var derivatives = groups.map {
                [Double](repeating: 0, count: range.count * $0.width)
            }
            _ = pass.backward(
                [head.logits: gradient],
                includingInputs: true,
                observing: Set(readers.keys)
            ) { call, input, gradient in
                let sums = Self.productSums(input, gradient)
                for reader in readers[call] ?? [] {
                    reader.add(sums, samples: range.count, to: &derivatives[reader.group])
                }
            }
            for (group, own) in derivatives.enumerated() {
                let width = groups[group].width
                for (index, derivative) in own.enumerated() {
                    fisher[group][index % width] += derivative * derivative
                    taylor[group][index % width] += abs(derivative)
                }
            }
        }
        self.fisher = fisher
        self.taylor = taylor
    }

    /// For each sample and channel, the sum over pixels of the products, `[N, C]`.
    private static func productSums(_ input: Tensor, _ gradient: Tensor) -> [Double] {
        let (count, channels) = (input.shape[0], input.shape.channels)
        let length = input.shape.withoutBatch.count
        let results = ResultsInOrder<[Double]>(count: count)
        input.withUnsafePointer { input in
            gradient.withUnsafePointer { gradient in
                ThreadPool.shared.forEach(count) { sample in
                    var sums = [Double](repeating: 0, count: channels)
                    for pixel in stride(
                        from: sample * length,
                        to: (sample + 1) * length,
                        by: channels
                    ) {
                        for channel in 0..<channels {
                            sums[channel] +=
                                Double(input[pixel + channel]) * Double(gradient[pixel + channel])
                        }
                    }
                    results.store(sample, sums)
                }
            }
        }
        return (0..<count).flatMap { results.load($0) ?? [] }
    }
}

/// One call that reads channels of one group.
private struct MaskReader {
    let group: Int
    /// For each unit, its channels in what the call reads.
    let positions: [[Int]]

    /// By call, all that read channels of groups; after a concatenation one call reads several groups.
    static func all(of groups: [CoupledGroup], in network: Network) -> [Int: [MaskReader]] {
        let calls = network.calls
        var readers: [Int: [MaskReader]] = [:]
        for (index, group) in groups.enumerated() {
            for slice in group.consumerSlices {
                for call in calls[slice.place.layer] {
                    readers[call, default: []].append(
                        MaskReader(group: index, positions: slice.positions)
                    )
                }
            }
        }
        return readers
    }

    func add(_ sums: [Double], samples: Int, to derivatives: inout [Double]) {
        let channels = sums.count / max(samples, 1)
        let width = positions.count
        for sample in 0..<samples {
            for (unit, own) in positions.enumerated() {
                derivatives[sample * width + unit] += own.reduce(0) {
                    $0 + sums[sample * channels + $1]
                }
            }
        }
    }
}
