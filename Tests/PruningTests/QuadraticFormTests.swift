import Datasets
import Engine
import Graph
import Pruning
import Tensors
import Testing

/// What removing channels does to those who read them, against a convolution written out in 64 bits (METHODS 13, 2).
@Suite struct QuadraticFormTests {
    /// What removed columns added to each output, for every output pixel: `[rows][n]`.
    private func contributions(
        _ network: Network,
        _ slice: WeightSlice,
        of units: [Int]?,
        on batch: Tensor
    ) -> [[Double]] {
        let call = network.calls[slice.place.layer][0]
        let source = network.nodes[call].inputs[0]
        let input = Inference(network).values(of: [source], inputs: [batch])[source] ?? batch
        let kernel = network.layers[slice.place.layer].weights[0]
        let channels = units.map { $0.flatMap { slice.positions[$0] } }
        switch network.layer(of: call).kind {
        case .convolution2D(let layer):
            return convolve(
                input,
                kernel,
                layer.window,
                output: network.shapes[call],
                channels: channels ?? Array(0..<kernel.shape[2])
            )
        default:
            let (depth, width) = (kernel.shape[0], kernel.shape[1])
            return (0..<input.count / depth).map { row in
                (0..<width).map { output in
                    (channels ?? Array(0..<depth)).reduce(0) {
                        $0 + Double(input[row * depth + $1]) * Double(kernel[$1 * width + output])
                    }
                }
            }
        }
    }

    /// The convolution of some channels, tap by tap; Keras pads `same` by half of what is missing, rounded down, in front.
    private func convolve(
        _ input: Tensor,
        _ kernel: Tensor,
        _ window: SlidingWindow,
        output: Shape,
        channels: [Int]
    ) -> [[Double]] {
        let (shape, width) = (input.shape, output[2])
        func start(_ length: Int, _ out: Int, _ size: Int, _ stride: Int, _ dilation: Int) -> Int {
            guard window.padding == .same else { return 0 }
            return -max((out - 1) * stride + (size - 1) * dilation + 1 - length, 0) / 2
        }
        let (size, step, gap) = (window.size, window.strides, window.dilation)
        let top = start(shape[1], output[0], size.height, step.height, gap.height)
        let left = start(shape[2], output[1], size.width, step.width, gap.width)
        var rows: [[Double]] = []
        for image in 0..<shape[0] {
            for pixel in 0..<output[0] * output[1] {
                var sums = [Double](repeating: 0, count: width)
                for tap in 0..<size.height * size.width {
                    let (u, v) = (tap / size.width, tap % size.width)
                    let row = top + pixel / output[1] * step.height + u * gap.height
                    let column = left + pixel % output[1] * step.width + v * gap.width
                    guard (0..<shape[1]).contains(row), (0..<shape[2]).contains(column)
                    else { continue }
                    let place = ((image * shape[1] + row) * shape[2] + column) * shape[3]
                    for channel in channels {
                        let value = Double(input[place + channel])
                        let weights = (tap * kernel.shape[2] + channel) * width
                        for output in 0..<width {
                            sums[output] += value * Double(kernel[weights + output])
                        }
                    }
                }
                rows.append(sums)
            }
        }
        return rows
    }

    /// The mean square over the rows, summed over the outputs, and what of it is not the mean's.
    private func squares(_ rows: [[Double]]) -> (raw: Double, centred: Double) {
        let width = rows.first?.count ?? 0
        var mean = [Double](repeating: 0, count: width)
        for row in rows {
            for output in 0..<width { mean[output] += row[output] / Double(rows.count) }
        }
        var (raw, centred) = (0.0, 0.0)
        for row in rows {
            for output in 0..<width {
                raw += row[output] * row[output] / Double(rows.count)
                let own = row[output] - mean[output]
                centred += own * own / Double(rows.count)
            }
        }
        return (raw, centred)
    }

    @Test(
        "r'Gr is the mean squared change of the readers' outputs to nine digits",
        arguments: ReaderNetwork.allCases
    )
    func bruteForce(reader: ReaderNetwork) throws {
        let network = try reader.network()
        let samples = TestData.samples(6, [8, 8, 3])
        let batch = samples.batch(Array(0..<6))
        let group = try #require(
            CouplingAnalysis(network).groups.first { $0.producers.contains(1) }
        )
        #expect(group.width == 5)
        let statistics = GroupStatistics(
            network: network,
            samples: samples,
            batchSize: 4,
            floors: [1]
        )
        let objective = try #require(statistics.measure([group])[0].objective)
        var random = CounterRandom(seed: 4, stage: "removals")
        for _ in 0..<8 {
            let count = Int.random(in: 1...4, using: &random)
            let removed = Array(random.permutation(5).prefix(count))
            var expected = (raw: 0.0, centred: 0.0)
            for slice in group.consumerSlices
            where network.layers[slice.place.layer].kind.isRead {
                let variance =
                    squares(contributions(network, slice, of: nil, on: batch)).centred
                let own = squares(contributions(network, slice, of: removed, on: batch))
                expected.raw += own.raw / variance
                expected.centred += own.centred / variance
            }
            let raw = objective.raw.energy(removing: removed)
            #expect(abs(raw - expected.raw) <= 1e-9 * expected.raw)
            let centred = objective.centred.energy(removing: removed)
            #expect(abs(centred - expected.centred) <= 1e-9 * expected.centred)
            let fitted = try #require(objective.leastSquares).energy(removing: removed)
            #expect(fitted <= centred && centred <= raw)
        }
    }
}

extension LayerKind {
    /// Whether each row of its input is multiplied with its whole kernel.
    fileprivate var isRead: Bool {
        switch self {
        case .convolution2D(let layer): layer.groups == 1
        case .dense: true
        default: false
        }
    }
}
