import Tensors

/// Noise that training adds and inference leaves out.
public struct Dropout: LayerRule {
    /// The kind of noise.
    public enum Noise: Hashable, Sendable {
        /// Elements are zeroed with probability `rate` and the rest scaled by `1 / (1 - rate)`.
        ///
        /// `noiseShape` gives, per axis including the batch, 1 where one draw serves the whole axis, nil elsewhere.
        case bernoulli(noiseShape: [Int?]?)
        /// Whole channels are zeroed.
        case spatial
        /// A normal number of the given deviation is added.
        case gaussianNoise(deviation: Float)
        /// A normal number of mean 1 and deviation `sqrt(rate / (1 - rate))` is multiplied.
        case gaussianDropout
        /// Elements fall to SELU's negative limit, then mean and variance are restored.
        case alpha
    }

    /// The share of elements that is dropped, 0 to below 1.
    public var rate: Float
    /// How.
    public var noise: Noise

    /// Makes a dropout layer.
    public init(rate: Float, noise: Noise = .bernoulli(noiseShape: nil)) {
        self.rate = rate
        self.noise = noise
    }

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        guard rate >= 0, rate < 1 else {
            throw .setting(name: "rate", expected: "0 to below 1", found: "\(rate)")
        }
        return try singleInput(inputs)
    }
}
