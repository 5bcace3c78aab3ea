import Datasets
import Engine
import Graph
import Tensors

/// The error of removing units of one group, summed over its consumers, each as a share of its own variance.
public struct GroupObjective: Sendable {
    /// With the removed channels' means folded into the bias (METHODS identity 2).
    public var centred: QuadraticObjective
    /// Without (identity 1).
    public var raw: QuadraticObjective
    /// With the kept weights fitted anew (identity 3); nil where a consumer is too wide for its covariance.
    public var leastSquares: LeastSquaresObjective?
    /// The units in the order in which least squares can best spare them.
    public var removal: LeastSquaresObjective.Removal?
}

/// What is known of a group, or why nothing is.
public struct GroupMeasurement: Sendable {
    /// The errors of removing its units; nil where it could not be measured.
    public var objective: GroupObjective?
    /// Why it could not be.
    public var note: String?
}

/// Gathers the statistics of consumers' inputs over calibration samples (METHODS section 0).
///
/// One pass over the samples serves as many consumers as memory allows.
public struct GroupStatistics {
    /// The network.
    public let network: Network
    /// What it is shown.
    public let samples: SampleSet
    /// Samples at a time.
    public let batchSize: Int
    /// The fewest units each group may keep: removal goes no further.
    public let floors: [Int]

    /// Prepares statistics of a network's layers over samples.
    public init(network: Network, samples: SampleSet, batchSize: Int, floors: [Int]) {
        self.network = network
        self.samples = samples
        self.batchSize = batchSize
        self.floors = floors
    }

    /// Moments that are gathered in one pass may take this many bytes.
    private static let passBytes = 512 << 20
    /// Covariances that are kept for least squares may take this many bytes; the smallest are kept first.
    private static let keptBytes = 1 << 30

    /// A layer that reads channels, with the nodes that call it.
    private struct Consumer {
        var layer: Int
        var calls: [Int]
        var depth: Int
        var outputs: Int

        var bytes: Int {
            depth <= InputMoments.largestDepth
                ? JointMoments.bytes(depth: depth)
                : 8 * depth * InputMoments.sampledRows(depth: depth)
        }
    }

    /// Measures groups; nil entries are left out.
    public func measure(_ groups: [CoupledGroup?]) -> [GroupMeasurement] {
        var layers: Set<Int> = []
        for group in groups.compactMap({ $0 }) {
            for slice in group.consumerSlices { layers.insert(slice.place.layer) }
        }
        let consumers = layers.sorted().compactMap(consumer)
        let kept = keptLayers(of: consumers)
        var parts: [Int: [Int: Part]] = [:]
        for wave in waves(of: consumers) {
            for (consumer, moments) in zip(wave, gather(wave)) {
                for (index, group) in groups.enumerated() {
                    for slice in group?.consumerSlices ?? []
                    where slice.place.layer == consumer.layer {
                        parts[index, default: [:]][consumer.layer] =
                            part(
                                of: slice,
                                consumer,
                                moments,
                                keeping: kept.contains(consumer.layer)
                            )
                    }
                }
            }
        }
        return groups.enumerated().map { index, group in
            group.map { measurement($0, parts: parts[index] ?? [:], floor: floors[index]) }
                ?? GroupMeasurement()
        }
    }

    /// The objective of one group.
    func measure(_ group: CoupledGroup) -> GroupMeasurement { measure([group])[0] }

    private func consumer(_ layer: Int) -> Consumer? {
        let calls = network.calls[layer]
        guard let call = calls.first, network.layers[layer].kind.hasPatches else { return nil }
        let outputs = max(network.shapes[call].channels, 1)
        return Consumer(
            layer: layer,
            calls: calls,
            depth: network.layers[layer].weights[0].count / outputs,
            outputs: outputs
        )
    }

    /// The layers whose covariances may stay in memory.
    private func keptLayers(of consumers: [Consumer]) -> Set<Int> {
        var bytes = 0
        var kept: Set<Int> = []
        for consumer in consumers.sorted(by: { ($0.bytes, $0.layer) < ($1.bytes, $1.layer) }) {
            bytes += consumer.bytes
            if bytes <= Self.keptBytes { kept.insert(consumer.layer) }
        }
        return kept
    }

    private func waves(of consumers: [Consumer]) -> [[Consumer]] {
        var waves: [[Consumer]] = []
        var bytes = Int.max
        for consumer in consumers {
            if bytes == .max || bytes + consumer.bytes > Self.passBytes {
                waves.append([])
                bytes = 0
            }
            waves[waves.count - 1].append(consumer)
            bytes += consumer.bytes
        }
        return waves
    }

    /// The moments of several consumers by one pass over the samples.
    private func gather(_ wave: [Consumer]) -> [InputMoments] {
        let inference = Inference(network)
        let batches = chunks(of: batchSize, covering: samples.count)
        var moments = wave.map { JointMoments(depth: min($0.depth, InputMoments.largestDepth)) }
        var sampled = wave.map { _ in [Double]() }
        let wanted = Set(wave.flatMap { $0.calls.map { network.nodes[$0].inputs[0] } }).sorted()
        for range in batches {
            let inputs = [samples.batch(Array(range))]
            let values = inference.values(of: wanted, inputs: inputs)
            for (index, consumer) in wave.enumerated() {
                for call in consumer.calls {
                    guard let input = values[network.nodes[call].inputs[0]],
                        let rows = PatchRows(
                            of: network.layers[consumer.layer].kind,
                            input: input,
                            step: step(of: call, consumer, batches: batches.count)
                        )
                    else { continue }
                    if consumer.depth <= InputMoments.largestDepth {
                        moments[index].add(rows: rows.values)
                    } else {
                        sampled[index] += rows.values
                    }
                }
            }
        }
        return wave.indices.map { index in
            wave[index].depth <= InputMoments.largestDepth
                ? .whole(covariance: moments[index].covariance, mean: moments[index].rowMean)
                : InputMoments(sampling: sampled[index], depth: wave[index].depth)
        }
    }

    private func step(of call: Int, _ consumer: Consumer, batches: Int) -> Int {
        let wanted = InputMoments.wantedRows(depth: consumer.depth)
        let pixels = network.shapes[call].count / consumer.outputs
        return PatchRows.step(
            toTake: max(1, wanted / (batches * consumer.calls.count)),
            of: pixels * min(batchSize, samples.count)
        )
    }

    /// A group's error at one consumer.
    private struct Part {
        var error: ConsumerError
        var leastSquares: LeastSquaresObjective.Part?
    }

    private func part(
        of slice: WeightSlice,
        _ consumer: Consumer,
        _ moments: InputMoments,
        keeping isKept: Bool
    ) -> Part? {
        let kernel = network.layers[slice.place.layer].weights[slice.place.weight]
        let weights = kernel.values.map(Double.init)
        let columns = slice.columns(of: kernel.shape)
        let error = ConsumerError(
            moments,
            weights: weights,
            outputs: consumer.outputs,
            columns: columns
        )
        guard error.variance > 0, error.variance.isFinite else { return nil }
        guard isKept, case .whole(let covariance, _) = moments else { return Part(error: error) }
        return Part(
            error: error,
            leastSquares: LeastSquaresObjective.Part(
                covariance: covariance,
                weights: weights,
                columns: columns,
                scale: 1 / error.variance
            )
        )
    }

    private func measurement(
        _ group: CoupledGroup,
        parts: [Int: Part],
        floor: Int
    ) -> GroupMeasurement {
        let ordered = parts.sorted { $0.key < $1.key }.map(\.value)
        guard !ordered.isEmpty else {
            let hasRows = group.consumers.contains { network.layers[$0].kind.hasPatches }
            return GroupMeasurement(
                note: hasRows
                    ? "not measured: what reads it answers the same whatever it is given"
                    : "not measured: it is read by grouped convolutions only"
            )
        }
        var centred = SquareMatrix(size: group.width)
        var raw = centred
        for part in ordered {
            for index in centred.values.indices {
                centred.values[index] += part.error.centred.values[index] / part.error.variance
                raw.values[index] += part.error.raw.values[index] / part.error.variance
            }
        }
        let fits = ordered.compactMap(\.leastSquares)
        let leastSquares = fits.count == ordered.count ? LeastSquaresObjective(fits) : nil
        return GroupMeasurement(
            objective: GroupObjective(
                centred: QuadraticObjective(centred),
                raw: QuadraticObjective(raw),
                leastSquares: leastSquares,
                removal: leastSquares?.removal(of: group.width - floor)
            )
        )
    }
}

extension WeightSlice {
    /// For each unit, the columns of an input row that are its own: kernel `[Kh, Kw, C, n]` or `[C, n]`, channel fastest.
    func columns(of kernel: Shape) -> [[Int]] {
        let taps = place.axis == 2 ? kernel[0] * kernel[1] : 1
        let channels = kernel[place.axis]
        return positions.map { positions in
            (0..<taps).flatMap { tap in positions.map { tap * channels + $0 } }
        }
    }
}

extension LayerKind {
    /// Whether the layer multiplies rows of its input with its kernel; see ``PatchRows``.
    var hasPatches: Bool {
        if case .convolution2D(let layer) = self { return layer.groups == 1 }
        if case .dense = self { return true }
        return false
    }
}
