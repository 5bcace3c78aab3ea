import Datasets
import Engine
import Graph
import Tensors

/// What a run works with and never changes.
struct CompressionContext {
    let teacher: Network
    let data: CompressionData
    private(set) var plan: CompressionPlan
    let head: ModelHead
    let analysis: CouplingAnalysis
    let model: CostModel
    /// For each group, whether it may be cut.
    let isPrunable: [Bool]
    let validation: Evaluation
    /// The held-out samples the sensitivity scan looks at.
    let scanned: Evaluation
    /// Training samples for statistics.
    let calibration: SampleSet
    /// Those of them that the sensitivity scan re-estimates BatchNorm over.
    let reestimation: SampleSet
    /// Seconds of a clock that only goes forward; nil where nothing may be timed.
    let clock: (() -> Double)?
    /// The samples that go through the network at once when its latency is measured.
    let latencySamples: Tensor

    init(
        teacher: Network,
        data: CompressionData,
        plan: CompressionPlan,
        clock: (() -> Double)?
    ) throws(CompressionError) {
        self.clock = clock
        self.teacher = teacher
        self.data = data
        self.plan = plan
        head = try ModelHead(teacher)
        let shape = teacher.shapes[teacher.inputs[0]]
        guard data.training.sampleShape == shape else {
            throw .sampleShape(expected: "\(shape)", found: "\(data.training.sampleShape)")
        }
        analysis = CouplingAnalysis(teacher)
        model = CostModel(teacher, groups: analysis.groups)
        isPrunable = analysis.groups.map { plan.allowsCutting($0, of: teacher) }
        guard isPrunable.contains(true) else {
            throw .nothingToPrune(frozen: Self.frozenReasons(teacher, analysis))
        }
        for samples in [data.training, data.validation] + (data.test.map { [$0] } ?? []) {
            try samples.checkLabels(for: head, shape: teacher.shapes[head.output])
        }
        calibration = Self.calibration(of: data.training, plan)
        let reestimated = min(calibration.count, max(Self.reestimatedSamples, plan.batchSize))
        reestimation = calibration.choosing(Array(0..<reestimated))
        validation = Evaluation(
            samples: data.validation,
            teacher: teacher,
            head: head,
            batchSize: plan.batchSize
        )
        scanned = validation.prefix(plan.sensitivity.images)
        let timed = (0..<max(plan.latencyBatch, 1)).map { $0 % max(data.validation.count, 1) }
        latencySamples = data.validation.batch(timed)
        try checkBudget()
    }

    /// The same with another budget or method; the budget is checked.
    ///
    /// - Throws: ``CompressionError`` where the budget cannot be met.
    func replacing(_ plan: CompressionPlan) throws(CompressionError) -> Self {
        var other = self
        other.plan = plan
        try other.checkBudget()
        return other
    }

    /// BatchNorm's statistics over this many samples are as good as over all for a sensitivity curve.
    private static let reestimatedSamples = 512

    private static func calibration(of training: SampleSet, _ plan: CompressionPlan) -> SampleSet {
        var random = CounterRandom(seed: plan.seed, stage: "calibration")
        let order = random.permutation(training.count)
        return training.choosing(
            Array(order.prefix(max(plan.compensation.images, plan.batchSize)))
        )
    }

    /// The groups whose sensitivity is measured.
    var scannedGroups: [Int] { analysis.groups.indices.filter { isPrunable[$0] } }

    /// The fewest units each group may keep.
    var floors: [Int] {
        zip(analysis.groups, isPrunable).map { group, isPrunable in
            isPrunable ? max(1, min(group.width, plan.minimumChannels)) : group.width
        }
    }

    /// Statistics of a network's layers; the floors are those of its groups.
    func statistics(of network: Network, floors: [Int]) -> GroupStatistics {
        GroupStatistics(
            network: network,
            samples: calibration,
            batchSize: plan.batchSize,
            floors: floors
        )
    }

    /// The batches of the calibration samples.
    var calibrationBatches: [Tensor] {
        chunks(of: plan.batchSize, covering: calibration.count).map {
            calibration.batch(Array($0))
        }
    }

    static func frozenReasons(_ network: Network, _ analysis: CouplingAnalysis) -> [String: String]
    {
        var reasons: [String: String] = [:]
        for frozen in analysis.frozen {
            reasons[network.layers[frozen.layer].name] = frozen.reason.explanation
        }
        return reasons
    }

    /// A name for exactly this job: plan, network and samples, by 64-bit FNV-1a.
    var identity: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ word: UInt64) {
            hash = (hash ^ word) &* 0x100_0000_01B3
        }
        for byte in "\(plan)".utf8 { add(UInt64(byte)) }
        for layer in teacher.layers {
            for byte in layer.name.utf8 { add(UInt64(byte)) }
            for weight in layer.weights {
                for value in weight.values { add(UInt64(value.bitPattern)) }
            }
        }
        add(UInt64(data.training.count))
        add(UInt64(data.validation.count))
        for value in data.training.batch([0]).values { add(UInt64(value.bitPattern)) }
        return String(hash, radix: 16)
    }
}

extension CompressionPlan {
    /// Whether no pattern names a layer that makes the group's channels.
    fileprivate func allowsCutting(_ group: CoupledGroup, of network: Network) -> Bool {
        let patterns = frozenLayers.map(GlobPattern.init)
        return !group.producers.contains { layer in
            patterns.contains { $0.matches(network.layers[layer].name) }
        }
    }
}
