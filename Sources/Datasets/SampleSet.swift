import Tensors

/// What the stored numbers of a sample become before the network sees them: `(x * scale - mean) / deviation`.
public struct Preprocessing: Sendable, Hashable, Codable {
    /// The factor every number is multiplied by first.
    public var scale: Float
    /// What is subtracted: empty for nothing, one number, or one per channel.
    public var mean: [Float]
    /// What is divided by: empty for nothing, one number, or one per channel.
    public var deviation: [Float]
    /// Whether the stored channels are turned round (RGB to BGR).
    public var reversesChannels: Bool

    /// Makes a preprocessing; the default changes nothing.
    public init(
        scale: Float = 1,
        mean: [Float] = [],
        deviation: [Float] = [],
        reversesChannels: Bool = false
    ) {
        self.scale = scale
        self.mean = mean
        self.deviation = deviation
        self.reversesChannels = reversesChannels
    }
}

/// Samples held in memory as they were stored, with their labels, decoded batch by batch.
public struct SampleSet: Sendable {
    /// The stored numbers, row-major, one sample after another.
    public enum Storage: Sendable {
        /// Bytes, as images mostly are.
        case bytes([UInt8])
        /// Floats.
        case floats([Float])
    }

    /// The number of samples.
    public var count: Int { positions.count }
    /// The shape of one sample, channels last.
    public let sampleShape: Shape
    /// The class of each sample, or nil where the data has none.
    public let labels: [Int32]?
    /// What is done to the numbers before the network sees them.
    public let preprocessing: Preprocessing
    private let storage: Storage
    /// The stored position of each sample of this set.
    private let positions: [Int]

    /// Makes a set of all stored samples; the storage must hold a whole number of them, and a label for each if any.
    public init(
        storage: Storage,
        sampleShape: Shape,
        labels: [Int32]?,
        preprocessing: Preprocessing = Preprocessing()
    ) {
        let stored: Int =
            switch storage {
            case .bytes(let values): values.count
            case .floats(let values): values.count
            }
        precondition(stored % sampleShape.count == 0, "storage is not whole samples")
        self.storage = storage
        self.sampleShape = sampleShape
        self.preprocessing = preprocessing
        self.labels = labels
        positions = Array(0..<stored / sampleShape.count)
        precondition(labels?.count ?? positions.count == positions.count, "one label per sample")
    }

    private init(choosing indices: [Int], of other: SampleSet) {
        storage = other.storage
        sampleShape = other.sampleShape
        preprocessing = other.preprocessing
        labels = other.labels.map { labels in indices.map { labels[$0] } }
        positions = indices.map { other.positions[$0] }
    }

    /// The samples at the given indices, in that order, sharing this set's storage.
    public func choosing(_ indices: [Int]) -> SampleSet {
        SampleSet(choosing: indices, of: self)
    }

    /// Decodes samples into a batch [N, ...sample shape].
    ///
    /// - Parameters:
    ///   - indices: The samples, in order.
    ///   - augmentations: One per sample, or empty for none; see ``Augmentation``.
    /// - Returns: The batch.
    public func batch(_ indices: [Int], augmentations: [Augmentation] = []) -> Tensor {
        let size = sampleShape.count
        return Tensor(sampleShape.batched(indices.count)) { output in
            guard let start = output.baseAddress else { return }
            for (row, index) in indices.enumerated() {
                let target = start + row * size
                let augmentation = augmentations.isEmpty ? nil : augmentations[row]
                decode(positions[index], into: target, augmentation: augmentation)
            }
        }
    }

    private func decode(
        _ stored: Int,
        into target: UnsafeMutablePointer<Float>,
        augmentation: Augmentation?
    ) {
        let size = sampleShape.count
        let offset = stored * size
        switch storage {
        case .bytes(let values):
            values.withUnsafeBufferPointer { source in
                for position in 0..<size { target[position] = Float(source[offset + position]) }
            }
        case .floats(let values):
            values.withUnsafeBufferPointer { source in
                for position in 0..<size { target[position] = source[offset + position] }
            }
        }
        preprocess(target)
        if let augmentation { augmentation.apply(to: target, shape: sampleShape) }
    }

    private func preprocess(_ target: UnsafeMutablePointer<Float>) {
        let channels = sampleShape.channels
        if preprocessing.reversesChannels {
            for pixel in stride(from: 0, to: sampleShape.count, by: channels) {
                var channelsOfPixel = UnsafeMutableBufferPointer(
                    start: target + pixel,
                    count: channels
                )
                channelsOfPixel.reverse()
            }
        }
        guard
            preprocessing.scale != 1 || !preprocessing.mean.isEmpty
                || !preprocessing.deviation.isEmpty
        else { return }
        let mean = Self.perChannel(preprocessing.mean, channels: channels, otherwise: 0)
        let deviation = Self.perChannel(preprocessing.deviation, channels: channels, otherwise: 1)
        for pixel in stride(from: 0, to: sampleShape.count, by: channels) {
            for channel in 0..<channels {
                let value = target[pixel + channel] * preprocessing.scale
                target[pixel + channel] = (value - mean[channel]) / deviation[channel]
            }
        }
    }

    private static func perChannel(
        _ values: [Float],
        channels: Int,
        otherwise: Float
    ) -> [Float] {
        values.count == channels
            ? values : [Float](repeating: values.first ?? otherwise, count: channels)
    }
}
