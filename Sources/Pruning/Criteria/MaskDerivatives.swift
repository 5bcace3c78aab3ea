import Engine
import Graph
import Tensors

/// The loss's derivatives with respect to masks on what reads each unit, gathered over backward passes.
///
/// A mask multiplies a unit's channels at the input of every layer that reads them. For sample n its derivative is
/// `d_n = sum over readers and pixels of activation x gradient`, the readers' own gradients inside the sum.
///
/// Source: Liu et al. 2021, "Group Fisher Pruning", arXiv:2108.00708, equations 1 to 4, for `fisher = sum d_n^2`.
///   Differs: depthwise and grouped convolutions only pass a mask on, and have none of their own.
/// Source: Molchanov et al. 2017, "Pruning Convolutional Neural Networks for Resource Efficient Inference",
///   arXiv:1611.06440, for `taylor = sum |d_n|`. Differs: taken where channels are read, summed over a coupled
///   group's readers inside the absolute value; sums over pixels, not means, so that layers can be compared.
public struct MaskDerivatives: Sendable {
    /// For each group, for each unit, the sum over samples of the squared derivative; the smallest goes first.
    public var fisher: [[Double]]
    /// For each group, for each unit, the sum over samples of the derivative's magnitude; the smallest goes first.
    public var taylor: [[Double]]
    private let readers: [Int: [MaskReader]]

    /// Prepares sums of zero for the groups of a network.
    public init(network: Network, groups: [CoupledGroup]) {
        readers = MaskReader.all(of: groups, in: network)
        fisher = groups.map { [Double](repeating: 0, count: $0.width) }
        taylor = fisher
    }

    /// Goes back through a pass and adds what its samples say.
    ///
    /// A loss that is a mean over the batch gives derivatives that are smaller by the size of the batch.
    ///
    /// - Parameters:
    ///   - pass: A pass of the network, of another with the same calls and widths, or of a frozen one.
    ///   - gradients: The gradient of the loss with respect to the output of each node that the loss reads.
    ///   - includingInputs: Whether the gradients of the network's inputs are wanted; a frozen network has no others.
    /// - Returns: The gradients, as from ``TrainingPass/backward(_:includingInputs:observing:_:)``.
    public mutating func add(
        _ pass: inout TrainingPass,
        _ gradients: [Int: Tensor],
        includingInputs: Bool = false
    ) -> Gradients {
        var derivatives = fisher.map { _ in [Double]() }
        let result = pass.backward(
            gradients,
            includingInputs: includingInputs,
            observing: Set(readers.keys)
        ) { call, input, gradient in
            let count = input.shape[0]
            let sums = Self.productSums(input, gradient)
            for reader in readers[call] ?? [] {
                let length = count * reader.positions.count
                if derivatives[reader.group].isEmpty {
                    derivatives[reader.group] = [Double](repeating: 0, count: length)
                }
                reader.add(sums, samples: count, to: &derivatives[reader.group])
            }
        }
        for (group, own) in derivatives.enumerated() {
            let width = fisher[group].count
            for (index, derivative) in own.enumerated() {
                fisher[group][index % width] += derivative * derivative
                taylor[group][index % width] += abs(derivative)
            }
        }
        return result
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
