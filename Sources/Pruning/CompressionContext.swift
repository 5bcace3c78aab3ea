import Datasets
import Engine
import Graph
import Tensors

/// What a run works with and never changes.
struct CompressionContext {
    let teacher: Network
    let data: CompressionData
    let plan: CompressionPlan
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

    init(
        teacher: Network,
        data: CompressionData,
        plan: CompressionPlan
    ) throws(CompressionError) {
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
        isPrunable = analysis.groups.map { group in
            !group.producers.contains { layer in
                let name = teacher.layers[layer].name
                return plan.frozenLayers.contains { GlobPattern($0).matches(name) }
            }
        }
        guard isPrunable.contains(true) else {
            throw .nothingToPrune(frozen: Self.frozenReasons(teacher, analysis))
        }
        for samples in [data.training, data.validation] + (data.test.map { [$0] } ?? []) {
            try samples.checkLabels(for: head, shape: teacher.shapes[head.output])
        }
        var random = CounterRandom(seed: plan.seed, stage: "calibration")
        let order = random.permutation(data.training.count)
        calibration = data.training.choosing(
            Array(order.prefix(max(plan.compensation.images, plan.batchSize)))
        )
        validation = Evaluation(
            samples: data.validation,
            teacher: teacher,
            head: head,
            batchSize: plan.batchSize
        )
        let count = min(plan.sensitivity.images, data.validation.count)
        scanned = Evaluation(
            samples: data.validation.choosing(Array(0..<count)),
            teacher: teacher,
            head: head,
            batchSize: plan.batchSize
        )
        try allocator.checkReachable()
    }

    var allocator: Allocator {
        Allocator(
            model: model,
            widths: analysis.groups.map(\.width),
            isPrunable: isPrunable,
            plan: plan
        )
    }

    /// The groups whose sensitivity is measured.
    var scannedGroups: [Int] { analysis.groups.indices.filter { isPrunable[$0] } }

    var statistics: GroupStatistics {
        GroupStatistics(
            network: teacher,
            samples: calibration,
            batchSize: plan.batchSize
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

/// A pattern with `*` for any text and `?` for any character.
struct GlobPattern {
    private let pattern: [Character]

    init(_ pattern: String) {
        self.pattern = Array(pattern)
    }

    /// Whether the whole name fits the pattern.
    func matches(_ name: String) -> Bool {
        let name = Array(name)
        var (position, letter) = (0, 0)
        var star: (pattern: Int, letter: Int)?
        while letter < name.count {
            if position < pattern.count, pattern[position] == "*" {
                star = (position, letter)
                position += 1
            } else if position < pattern.count,
                pattern[position] == "?" || pattern[position] == name[letter]
            {
                position += 1
                letter += 1
            } else if let last = star {
                star = (last.pattern, last.letter + 1)
                (position, letter) = (last.pattern + 1, last.letter + 1)
            } else {
                return false
            }
        }
        return pattern[position...].allSatisfy { $0 == "*" }
    }
}
