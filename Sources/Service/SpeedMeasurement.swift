import Engine
import Glibc
import Graph
import JobFiles
import KerasFormat
import Tensors

/// How fast this machine runs a model: the figures of `espalier bench`.
public struct SpeedMeasurement: Codable, Sendable {
    /// What is timed.
    public enum Mode: String, Codable, Sendable {
        /// One batch of predictions.
        case forward
        /// One step of training: forward, loss, backward, moving statistics and optimiser.
        case train
    }

    /// How often, with what and how long to run.
    public struct Settings: Sendable {
        /// Samples of a batch.
        public var batch: Int
        /// What is timed.
        public var mode: Mode
        /// Threads that compute; nil for one per processor.
        public var threads: Int?
        /// Seconds to go on for, once the fewest runs are done.
        public var seconds: Double

        /// Makes settings.
        public init(batch: Int, mode: Mode, threads: Int? = nil, seconds: Double = 5) {
            self.batch = batch
            self.mode = mode
            self.threads = threads
            self.seconds = seconds
        }
    }

    /// What was timed.
    public var mode: Mode
    /// Samples of a batch.
    public var batch: Int
    /// Threads that computed.
    public var threads: Int
    /// The instruction set of the inner loops.
    public var kernels: String
    /// Multiply-accumulates of one sample's forward pass.
    public var macs: Int
    /// Timed runs, after two that were not.
    public var runs: Int
    /// Milliseconds of one batch: the median.
    public var medianMilliseconds: Double
    /// Milliseconds of one batch: the fastest.
    public var bestMilliseconds: Double
    /// Milliseconds of one batch: the first quartile.
    public var firstQuartileMilliseconds: Double
    /// Milliseconds of one batch: the third quartile.
    public var thirdQuartileMilliseconds: Double
    /// Samples a second, by the median.
    public var imagesPerSecond: Double
    /// Billions of multiply-accumulates a second, by the median; a training step counts three forward passes.
    public var gigamacsPerSecond: Double
    /// The largest resident memory of the process, in megabytes of 2^20 bytes.
    public var peakMegabytes: Double
    /// Pages of memory newly taken from the system in one run, by the median: zero where every buffer was used before.
    public var pageFaults: Int

    /// Times a model on random samples.
    ///
    /// - Throws: A failure where the model cannot be read.
    public init(model path: String, settings: Settings) throws(JobFailure) {
        let network = try ModelDescription.model(path: path).network
        if let threads = settings.threads { ThreadPool.shared.setThreads(threads) }
        var workload = Workload(network, batch: settings.batch)
        var times: [Double] = []
        var faults: [Int] = []
        let clock = ContinuousClock()
        let start = clock.now
        for run in 0... {
            let before = Self.usage().ru_minflt
            let time = clock.measure { workload.run(settings.mode) }
            guard run >= 2 else { continue }
            times.append(time / .milliseconds(1))
            faults.append(Int(Self.usage().ru_minflt - before))
            let elapsed = (clock.now - start) / .seconds(1)
            if times.count >= 5, elapsed > settings.seconds { break }
        }
        self.init(network, settings: settings, times: times.sorted(), faults: faults.sorted())
    }

    private init(_ network: Network, settings: Settings, times: [Double], faults: [Int]) {
        let median = times[times.count / 2]
        mode = settings.mode
        batch = settings.batch
        threads = ThreadPool.shared.threads
        kernels = VectorKernels.current.set.rawValue
        macs = network.cost.macs
        runs = times.count
        medianMilliseconds = median
        bestMilliseconds = times[0]
        firstQuartileMilliseconds = times[times.count / 4]
        thirdQuartileMilliseconds = times[times.count * 3 / 4]
        imagesPerSecond = Double(settings.batch) / median * 1e3
        let passes = settings.mode == .train ? 3.0 : 1.0
        gigamacsPerSecond = Double(network.cost.macs) * passes * imagesPerSecond / 1e9
        peakMegabytes = Double(Self.usage().ru_maxrss) / 1024
        pageFaults = faults[faults.count / 2]
    }

    private static func usage() -> rusage {
        var usage = rusage()
        getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        return usage
    }

    /// The figures as JSON.
    public var json: String { String(decoding: JSONText.bytes(of: self), as: UTF8.self) }

    /// The figures in lines for people.
    public var lines: [String] {
        func rounded(_ value: Double) -> String { String((value * 10).rounded() / 10) }
        return [
            "\(mode.rawValue), batch \(batch), \(threads) threads, \(kernels), \(runs) runs",
            "median  \(rounded(medianMilliseconds)) ms, quartiles "
                + "\(rounded(firstQuartileMilliseconds)) to "
                + "\(rounded(thirdQuartileMilliseconds)) ms, best \(rounded(bestMilliseconds)) ms",
            "speed   \(rounded(imagesPerSecond)) images/s, "
                + "\(rounded(gigamacsPerSecond)) GMAC/s",
            "memory  \(rounded(peakMegabytes)) MB at most, \(pageFaults) new pages in a run",
        ]
    }
}

/// A network with the samples, labels and optimiser of a training step.
struct Workload {
    var network: Network
    let inputs: [Tensor]
    let labels: [Int32]
    /// The node the loss reads, before a softmax; `classes` is nil where the loss is a squared error.
    let head: Int
    let classes: Int?
    var optimizer = Optimizer(.momentum(0.9, isNesterov: false))

    init(_ network: Network, batch: Int) {
        self.network = network
        var random = CounterRandom(seed: 0, stage: "bench")
        inputs = network.inputs.map { input in
            let shape = network.shapes[input].batched(batch)
            return Tensor(shape, values: (0..<shape.count).map { _ in random.nextUniform() })
        }
        let output = network.outputs[0]
        if case .activation(.softmax) = network.layer(of: output).kind {
            head = network.nodes[output].inputs[0]
            let count = network.shapes[output].channels
            classes = count
            labels = (0..<batch).map { _ in Int32(random.next() % UInt64(count)) }
        } else {
            head = output
            classes = nil
            labels = []
        }
    }

    mutating func run(_ mode: SpeedMeasurement.Mode) {
        switch mode {
        case .forward: _ = network.predict(inputs)
        case .train: step()
        }
    }

    private mutating func step() {
        var pass = TrainingPass(
            network,
            inputs: inputs,
            reading: [head],
            random: CounterRandom(seed: 0, stage: "noise", step: UInt64(optimizer.steps))
        )
        let answer = pass.values[head]
        let loss =
            classes == nil
            ? Loss.meanSquaredError(answer, target: Tensor(answer.shape))
            : Loss.crossEntropy(logits: answer, labels: labels)
        let gradients = pass.backward([head: loss.gradient])
        network.updateMovingStatistics(from: pass)
        optimizer.step(&network, gradients: gradients, learningRate: 0.01)
    }
}
