import Datasets
import Durability
import JobFiles
import Pruning

extension JobRequest {
    /// Reads a spec and says the same in the words of the rooms that do the work.
    ///
    /// - Parameters:
    ///   - text: YAML or JSON.
    ///   - methods: Methods in place of the spec's.
    /// - Returns: What is asked.
    /// - Throws: A failure with every fault of the spec.
    public static func reading(
        _ text: String,
        methods: [String]? = nil
    ) throws(JobFailure) -> JobRequest {
        do {
            var spec = try JobSpec.parse(text)
            if let methods { spec.methods = methods }
            return JobRequest(spec)
        } catch {
            throw JobFailure(error)
        }
    }

    /// Reads a spec file.
    ///
    /// - Throws: A failure where it cannot be read, or with every fault of the spec.
    public static func reading(path: String) throws(JobFailure) -> JobRequest {
        let text: [UInt8]
        do {
            text = try RealFileSystem().read(path, limit: 1 << 20)
        } catch {
            throw JobFailure(error)
        }
        return try reading(String(decoding: text, as: UTF8.self))
    }

    /// Translates a spec.
    public init(_ spec: JobSpec) {
        var selection = DataSelection()
        selection.xTrain = spec.data.xTrain
        selection.yTrain = spec.data.yTrain
        selection.xTest = spec.data.xTest
        selection.yTest = spec.data.yTest
        selection.labels = LabelKind(rawValue: spec.data.labels) ?? .automatic
        selection.preprocessing = Preprocessing(
            scale: Float(spec.data.scale),
            mean: spec.data.mean.map(Float.init),
            deviation: spec.data.std.map(Float.init),
            reversesChannels: spec.data.channels == "bgr"
        )
        selection.validation = spec.data.validation
        selection.limitTrain = spec.data.limitTrain > 0 ? spec.data.limitTrain : nil
        selection.limitTest = spec.data.limitTest > 0 ? spec.data.limitTest : nil
        selection.seed = UInt64(spec.seed)
        self.init(
            variants: JobVariant.all(of: spec),
            selection: selection,
            dataFile: spec.data.file,
            checkpointSeconds: spec.checkpointEvery,
            threads: spec.threads > 0 ? spec.threads : nil,
            resolved: spec.resolvedYAML
        )
        modelHash = spec.modelSHA256.isEmpty ? nil : spec.modelSHA256.lowercased()
        expectedAccuracy = spec.expectedAccuracy > 0 ? spec.expectedAccuracy : nil
        maximumAttempts = spec.maxAttempts
    }
}

extension JobVariant {
    /// Every method of a spec with every budget, named by what tells them apart.
    fileprivate static func all(of spec: JobSpec) -> [JobVariant] {
        let plan = CompressionPlan(spec)
        return spec.methods.flatMap { method in
            spec.budget.values.map { value in
                var own = spec
                own.methods = [method]
                own.budget.values = [value]
                var ownPlan = plan
                ownPlan.method = PruningMethod(rawValue: method) ?? .genetic
                ownPlan.budget = Budget(unit: spec.budget.unit, value: value)
                let budget = "\(spec.budget.unit)-\(JobSpec.Budget.text(value))"
                let parts =
                    (spec.methods.count > 1 ? [method] : [])
                    + (spec.budget.values.count > 1 ? [budget] : [])
                return JobVariant(
                    name: parts.joined(separator: "-"),
                    plan: ownPlan,
                    resolved: own.resolvedYAML
                )
            }
        }
    }
}

extension CompressionPlan {
    /// Translates a spec; its choices have been checked, so each has a counterpart.
    init(_ spec: JobSpec) {
        let budgets = spec.budget.values.map { Budget(unit: spec.budget.unit, value: $0) }
        self.init(budget: budgets[0])
        method = PruningMethod(rawValue: spec.methods[0]) ?? .genetic
        conditional.policy = ConditionalSettings.Policy(rawValue: spec.policy) ?? .exact
        conditional.agent.warmupEpisodes = spec.conditional.warmup
        conditional.agent.trainingEpisodes = spec.conditional.episodes
        conditional.budgets = budgets
        fisher.form = FisherSettings.Form(rawValue: spec.fisher.form) ?? .oneShot
        fisher.normalisation =
            FisherNormalisation(rawValue: spec.fisher.normalisation) ?? .memory
        fisher.interval = spec.fisher.interval
        fisher.usesLabels = spec.fisher.labels
        uniform.gates.steps = spec.uniform.gateSteps
        uniform.start = UniformSettings.Start(rawValue: spec.uniform.start) ?? .inherited
        seed = UInt64(spec.seed)
        batchSize = spec.batch
        latencyBatch = spec.latencyBatch
        roundTo = spec.roundTo
        minimumChannels = spec.minChannels
        frozenLayers = spec.freeze
        sensitivity.fractions = spec.sensitivity.fractions
        sensitivity.images = spec.sensitivity.images
        search.mode = SearchSettings.Mode(rawValue: spec.search.mode) ?? .full
        allocation.weighted = spec.allocation.weighted
        search.criterion =
            SearchSettings.Criterion(rawValue: spec.search.criterion) ?? .leastSquares
        search.population = spec.search.population
        search.generations = spec.search.generations
        search.patience = spec.search.patience
        compensation.isEnabled = spec.compensation.enabled
        compensation.images = spec.compensation.images
        compensation.ridge = spec.compensation.ridge
        compensation.rescales = spec.compensation.rescale
        distillation = DistillationSettings(spec.distillation)
    }
}

extension Budget {
    /// Microseconds become nanoseconds.
    fileprivate init(unit: String, value: Double) {
        let unit = Unit(rawValue: unit) ?? .macs
        let scale: Double = unit == .latency ? 1000 : 1
        self.init(unit, value <= 1 ? .fraction(value) : .count(Int(value * scale)))
    }
}

extension DistillationSettings {
    fileprivate init(_ spec: JobSpec.Distillation) {
        self.init()
        order = Order(rawValue: spec.order) ?? .oneShot
        layerEpochs = spec.layerEpochs
        epochs = spec.epochs
        optimizer = OptimizerKind(rawValue: spec.optimizer) ?? .adam
        learningRate = spec.learningRate
        momentum = spec.momentum
        weightDecay = spec.weightDecay
        schedule = Schedule(rawValue: spec.schedule) ?? .cosine
        warmup = spec.warmup
        temperature = spec.temperature
        teacherWeight = spec.weight
        form = Form(rawValue: spec.form) ?? .automatic
        augmentation = AugmentationPolicy(rawValue: spec.augmentation) ?? .automatic
        labelSmoothing = spec.labelSmoothing
    }
}

extension JobFailure {
    /// Every fault of a spec in one failure.
    init(_ error: SpecError) {
        var context: [String: String] = [:]
        for fault in error.faults { context[fault.pointer] = fault.message }
        self.init(
            code: "spec-invalid",
            message: error.faults.map { "\($0.message)." }.joined(separator: " "),
            hint: error.faults.map(\.hint).joined(separator: " "),
            context: context
        )
    }
}
