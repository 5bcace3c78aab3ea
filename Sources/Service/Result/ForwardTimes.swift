import Engine
import Graph
import JobFiles
import Tensors

/// How long forward passes of teacher and student take on this machine, as wholes and layer by layer.
///
/// Goes into the report and the metrics only, never into the model.
struct ForwardTimes {
    /// The whole networks, at batch 1 and at a larger one.
    private(set) var latency: [LatencyMetrics] = []
    /// For each layer of the network its times; empty for a layer that takes none.
    private var layers: [[LayerTimeMetrics]] = []

    private static let passes = 7
    /// The larger batch: as many samples as make this many macs, at most ``largestBatch``.
    private static let macsPerBatch = 4_000_000_000
    private static let largestBatch = 32
    private static let millisecondsPerSecond = 1000.0

    /// Nothing measured.
    init() {}

    /// Measures both networks in turn, so that what else the machine does falls on both alike.
    ///
    /// - Parameters:
    ///   - teacher: One input.
    ///   - student: The same nodes.
    ///   - sample: Makes a batch of so many samples, [N, ...].
    ///   - clock: Seconds of a clock that only goes forward.
    init(
        teacher: Network,
        student: Network,
        batch sample: (Int) -> Tensor,
        clock: () -> Double
    ) {
        layers = teacher.layers.map { _ in [] }
        let larger = min(
            Self.largestBatch,
            max(2, Self.macsPerBatch / max(1, teacher.cost.macs))
        )
        for count in [1, larger] {
            let input = sample(count)
            var whole = BeforeAfter<[Double]>(before: [], after: [])
            var calls = BeforeAfter<[[Double]]>(before: [], after: [])
            // The first pass warms caches and the allocator, and does not count.
            for pass in 0...Self.passes {
                let left = Self.measure(teacher, input, clock)
                let right = Self.measure(student, input, clock)
                guard pass > 0 else { continue }
                whole.before.append(left.whole)
                whole.after.append(right.whole)
                calls.before.append(left.calls)
                calls.after.append(right.calls)
            }
            latency.append(Self.latency(whole, count: input.shape.dimensions[0]))
            addLayers(of: teacher, calls, count: input.shape.dimensions[0])
        }
    }

    /// The times of a layer.
    func ofLayer(_ index: Int) -> [LayerTimeMetrics] {
        layers.indices.contains(index) ? layers[index] : []
    }

    /// Milliseconds of one pass, and of each call in a pass that stops after each.
    private static func measure(
        _ network: Network,
        _ input: Tensor,
        _ clock: () -> Double
    ) -> (whole: Double, calls: [Double]) {
        let start = clock()
        _ = network.predict([input])
        let whole = (clock() - start) * millisecondsPerSecond
        let inference = Inference(network)
        var readers = network.readers.map(\.count)
        var values: [Int: Tensor] = [:]
        var calls: [Double] = []
        for call in network.nodes.indices {
            let inputs = Set(network.nodes[call].inputs)
            let known = values.filter { inputs.contains($0.key) }
            let start = clock()
            let output = inference.values(of: [call], inputs: [input], known: known)
            calls.append((clock() - start) * millisecondsPerSecond)
            values[call] = output[call]
            for node in network.nodes[call].inputs {
                readers[node] -= 1
                if readers[node] == 0 { values[node] = nil }
            }
        }
        return (whole, calls)
    }

    private static func latency(_ whole: BeforeAfter<[Double]>, count: Int) -> LatencyMetrics {
        LatencyMetrics(
            batchSamples: count,
            threads: ThreadPool.shared.threads,
            medianMilliseconds: BeforeAfter(
                before: median(whole.before),
                after: median(whole.after)
            ),
            lowestMilliseconds: BeforeAfter(
                before: whole.before.min() ?? 0,
                after: whole.after.min() ?? 0
            ),
            highestMilliseconds: BeforeAfter(
                before: whole.before.max() ?? 0,
                after: whole.after.max() ?? 0
            ),
            passes: passes
        )
    }

    private mutating func addLayers(
        of network: Network,
        _ calls: BeforeAfter<[[Double]]>,
        count: Int
    ) {
        for (layer, nodes) in network.calls.enumerated() {
            if case .input = network.layers[layer].kind { continue }
            func milliseconds(_ passes: [[Double]]) -> Double {
                Self.median(passes.map { pass in nodes.reduce(0) { $0 + pass[$1] } })
            }
            layers[layer].append(
                LayerTimeMetrics(
                    batchSamples: count,
                    medianMilliseconds: BeforeAfter(
                        before: milliseconds(calls.before),
                        after: milliseconds(calls.after)
                    )
                )
            )
        }
    }

    /// The value in the middle of an odd number of values.
    private static func median(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }
}
