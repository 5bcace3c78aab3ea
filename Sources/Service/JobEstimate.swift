import Datasets
import Graph
import HDF5
import JobFiles
import Pruning
import Tensors

/// What a job will take on this machine: time by a short measurement, memory by the sizes of what it holds.
public struct JobEstimate: Codable, Sendable {
    /// The samples it is for: those of the spec's data file, or a number that stands for them.
    public var trainingSamples: Int
    /// Whether the samples were counted in a data file.
    public var isOfData: Bool
    /// Seconds from begin to end.
    public var wallSeconds: Double
    /// Bytes of memory at the most.
    public var memoryBytes: Int

    /// The samples that are assumed where there is no data file.
    private static let assumedSamples = 10_000
    /// Multiply-accumulates that are timed: a moment on any machine.
    private static let timedMacs = 2_000_000_000

    /// Estimates a job.
    ///
    /// - Parameters:
    ///   - network: The teacher.
    ///   - request: What is asked, or nil for the defaults and half of the macs.
    ///   - dataFolders: Where the data file is looked for.
    public init(of network: Network, request: JobRequest?, dataFolders: [String]) {
        let plans =
            request?.variants.map(\.plan) ?? [
                CompressionPlan(budget: Budget(.macs, .fraction(0.5)))
            ]
        let found = request.flatMap { Self.samples(of: $0, in: dataFolders) }
        let samples = found ?? Self.assumed(for: network)
        let work = CompressionEstimate(teacher: network, plans: plans, samples: samples)
        if let threads = request?.threads { ThreadPool.shared.setThreads(threads) }
        let speed = Self.speed(of: network, plans[0])
        trainingSamples = samples.training
        isOfData = found != nil
        wallSeconds = work.forwardPasses * speed.forward + work.trainingPasses * speed.training
        memoryBytes = work.memoryBytes
    }

    /// The estimate in words.
    public var line: String {
        let samples = "\(NumberText.grouped(trainingSamples)) training samples"
        let condition =
            isOfData
            ? "for the data file's \(samples)"
            : "were there \(samples); a spec with its data file says more"
        return "job: about \(NumberText.duration(Self.rounded(wallSeconds))) on this machine and "
            + "\(NumberText.bytes(Int(Self.rounded(Double(memoryBytes))))) of memory, \(condition)"
    }

    /// To two digits: more would promise too much.
    private static func rounded(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return 0 }
        let unit = Double.power(
            10,
            (Double.logarithm(value) / Double.logarithm(10)).rounded(.down) - 1
        )
        return (value / unit).rounded() * unit
    }

    private static func assumed(for network: Network) -> CompressionEstimate.Samples {
        let elements = network.inputs.first.map { network.shapes[$0].count } ?? 0
        return CompressionEstimate.Samples(
            training: assumedSamples,
            validation: assumedSamples / 10,
            test: assumedSamples / 5,
            bytes: elements * assumedSamples * 13 / 10
        )
    }

    /// The samples of the spec's data file; nil where there is none to be read, which a job says better.
    private static func samples(
        of request: JobRequest,
        in folders: [String]
    ) -> CompressionEstimate.Samples? {
        do {
            let path = try DataPlaces(folders: folders).path(of: request.dataFile)
            let root = try HDF5File(readingPath: path).root
            let selection = request.selection
            let training = try Self.size(root, selection.xTrain, limit: selection.limitTrain)
            let names = try root.childNames()
            let test =
                names.contains(selection.xTest)
                ? try Self.size(root, selection.xTest, limit: selection.limitTest) : (0, 0)
            let heldOut = Int(Double(training.count) * selection.validation)
            return CompressionEstimate.Samples(
                training: training.count - heldOut,
                validation: heldOut,
                test: test.0,
                bytes: training.bytes + test.1
            )
        } catch {
            return nil
        }
    }

    private static func size(
        _ root: HDF5Group,
        _ name: String,
        limit: Int?
    ) throws(HDF5Error) -> (count: Int, bytes: Int) {
        let dataset = try root.dataset(name)
        let all = dataset.shape.first ?? 0
        let count = min(all, limit ?? all)
        let elements = dataset.shape.dropFirst().reduce(count) { $0.multipliedClamped(by: $1) }
        let isByte = dataset.elementType == .integer(bits: 8, isSigned: false)
        return (count, elements.multipliedClamped(by: isByte ? 1 : 4))
    }

    /// Seconds of one sample's forward pass and of its training step, each by the second of two batches.
    private static func speed(
        of network: Network,
        _ plan: CompressionPlan
    ) -> (forward: Double, training: Double) {
        let batch = max(1, min(plan.batchSize, timedMacs / max(network.cost.macs, 1)))
        var workload = Workload(network, batch: batch)
        let clock = ContinuousClock()
        func seconds(_ mode: SpeedMeasurement.Mode) -> Double {
            workload.run(mode)
            return clock.measure { workload.run(mode) } / .seconds(1) / Double(batch)
        }
        return (seconds(.forward), seconds(.train))
    }
}

extension Int {
    /// The product, or the largest number where it would be larger.
    fileprivate func multipliedClamped(by other: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max >> 8 : product
    }
}
