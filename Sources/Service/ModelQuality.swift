import Datasets
import Graph
import JobFiles
import Pruning

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
        let quality: Quality?
        do {
            quality = try Quality(of: network, on: samples, batchSize: batchSize)
        } catch {
            throw JobFailure(error)
        }
        guard let quality, let accuracy = quality.accuracy else {
            throw .labelsMissing("evaluation")
        }
        self.samples = samples.count
        loss = quality.loss
        self.accuracy = accuracy
        topFiveAccuracy = quality.topFiveAccuracy
    }
}
