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
        let loss = SampledLoss(isCategorical: head.isSoftmax, labels: labels, seed: seed)
        var masks = MaskDerivatives(of: groups, in: network)
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
            masks.begin(samples: range.count)
            _ = pass.backward(
                [head.logits: gradient],
                includingInputs: true,
                observing: masks.calls
            ) { masks.observe($0, $1, $2) }
            masks.add(to: &fisher) { $0 * $0 }
            masks.add(to: &taylor) { abs($0) }
        }
        self.fisher = fisher
        self.taylor = taylor
    }
}
