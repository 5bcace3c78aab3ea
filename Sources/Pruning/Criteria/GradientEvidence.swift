import Datasets
import Engine
import Graph
import Tensors

/// What units are worth by the loss's derivative with respect to a mask on what reads them; see ``MaskDerivatives``.
///
/// BatchNorm runs by its moving statistics, so that no sample's derivative depends on the others.
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
        var derivatives = MaskDerivatives(network: network, groups: groups)
        for range in chunks(of: batchSize, covering: samples.count) {
            var pass = TrainingPass(
                frozen,
                inputs: [samples.batch(Array(range))],
                reading: [head.logits],
                random: CounterRandom(seed: seed, stage: "evidence")
            )
            let gradient = loss.gradient(of: pass.values[head.logits], samples: range)
            // Nothing is trained: without the inputs no gradient would be wanted anywhere.
            _ = derivatives.add(&pass, [head.logits: gradient], includingInputs: true)
        }
        fisher = derivatives.fisher
        taylor = derivatives.taylor
    }
}
