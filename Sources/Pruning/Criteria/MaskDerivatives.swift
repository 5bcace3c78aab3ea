import Graph
import Tensors

/// The derivatives of a loss by masks on the units of groups, sample by sample, while a gradient walks back.
///
/// A mask stands at the input of every call that reads its unit; a group's derivative is the sum over its readers.
struct MaskDerivatives {
    private let widths: [Int]
    private let readers: [Int: [MaskReader]]
    private var samples = 0
    /// For each group, `[sample, unit]` row-major.
    private var derivatives: [[Double]] = []

    init(of groups: [CoupledGroup], in network: Network) {
        widths = groups.map(\.width)
        readers = MaskReader.all(of: groups, in: network)
    }

    /// The calls that must be observed.
    var calls: Set<Int> { Set(readers.keys) }

    /// Begins with a batch.
    mutating func begin(samples: Int) {
        self.samples = samples
        derivatives = widths.map { [Double](repeating: 0, count: samples * $0) }
    }

    /// Takes what one call read, and the gradient of that.
    mutating func observe(_ call: Int, _ input: Tensor, _ gradient: Tensor) {
        let sums = Self.productSums(input, gradient)
        for reader in readers[call] ?? [] {
            reader.add(sums, samples: samples, to: &derivatives[reader.group])
        }
    }

    /// Adds a measure of each sample's derivative to sums per group and unit.
    func add(to sums: inout [[Double]], _ measure: (Double) -> Double) {
        for (group, own) in derivatives.enumerated() {
            for (index, derivative) in own.enumerated() {
                sums[group][index % widths[group]] += measure(derivative)
            }
        }
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
