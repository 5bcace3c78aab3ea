/// A key of the spec: where its value goes and what it may be.
struct SpecField {
    /// What a value may be, and where it is kept.
    enum Kind {
        case text(WritableKeyPath<JobSpec, String>)
        case choice(WritableKeyPath<JobSpec, String>, [String])
        case number(WritableKeyPath<JobSpec, Double>, ClosedRange<Double>)
        case integer(WritableKeyPath<JobSpec, Int>, ClosedRange<Int>)
        case flag(WritableKeyPath<JobSpec, Bool>)
        case numbers(WritableKeyPath<JobSpec, [Double]>, ClosedRange<Double>)
        case texts(WritableKeyPath<JobSpec, [String]>)
        /// One or several of the words, each once; `all` stands for all of them.
        case words(WritableKeyPath<JobSpec, [String]>, [String])
    }

    /// The key and the keys above it, joined by slashes.
    let path: String
    let kind: Kind

    /// Every key but the budget's, in the order the resolved spec has them.
    static var all: [SpecField] {
        general + data + stages + methods + training + [
            SpecField(path: "freeze", kind: .texts(\.freeze))
        ]
    }

    private static var any: ClosedRange<Double> { -1e30...1e30 }

    private static var general: [SpecField] {
        [
            SpecField(path: "method", kind: .words(\.methods, JobSpec.everyMethod)),
            SpecField(path: "policy", kind: .choice(\.policy, ["exact", "learned"])),
            SpecField(path: "priority", kind: .integer(\.priority, -100...100)),
            SpecField(path: "seed", kind: .integer(\.seed, 0...Int(Int32.max))),
            SpecField(path: "threads", kind: .integer(\.threads, 0...256)),
            SpecField(path: "batch", kind: .integer(\.batch, 1...4096)),
            SpecField(path: "latency_batch", kind: .integer(\.latencyBatch, 1...4096)),
            SpecField(path: "model_sha256", kind: .text(\.modelSHA256)),
            SpecField(path: "expected_accuracy", kind: .number(\.expectedAccuracy, 0...1)),
            SpecField(path: "max_attempts", kind: .integer(\.maxAttempts, 1...100)),
            SpecField(path: "checkpoint_every", kind: .number(\.checkpointEvery, 0...86_400)),
            SpecField(path: "round_to", kind: .integer(\.roundTo, 1...256)),
            SpecField(path: "min_channels", kind: .integer(\.minChannels, 1...65_536)),
        ]
    }

    private static var data: [SpecField] {
        [
            SpecField(path: "data/file", kind: .text(\.data.file)),
            SpecField(path: "data/x_train", kind: .text(\.data.xTrain)),
            SpecField(path: "data/y_train", kind: .text(\.data.yTrain)),
            SpecField(path: "data/x_test", kind: .text(\.data.xTest)),
            SpecField(path: "data/y_test", kind: .text(\.data.yTest)),
            SpecField(
                path: "data/labels",
                kind: .choice(\.data.labels, ["auto", "integer", "one_hot", "none"])
            ),
            SpecField(path: "data/scale", kind: .number(\.data.scale, any)),
            SpecField(path: "data/mean", kind: .numbers(\.data.mean, any)),
            SpecField(path: "data/std", kind: .numbers(\.data.std, 1e-12...1e30)),
            SpecField(path: "data/channels", kind: .choice(\.data.channels, ["rgb", "bgr"])),
            SpecField(path: "data/validation", kind: .number(\.data.validation, 0.001...0.9)),
            SpecField(
                path: "data/limit_train",
                kind: .integer(\.data.limitTrain, 0...Int(Int32.max))
            ),
            SpecField(
                path: "data/limit_test",
                kind: .integer(\.data.limitTest, 0...Int(Int32.max))
            ),
        ]
    }

    private static var stages: [SpecField] {
        [
            SpecField(
                path: "sensitivity/fractions",
                kind: .numbers(\.sensitivity.fractions, 0.01...0.99)
            ),
            SpecField(
                path: "sensitivity/images",
                kind: .integer(\.sensitivity.images, 1...1_000_000)
            ),
            SpecField(
                path: "allocation/weighted",
                kind: .integer(\.allocation.weighted, 0...1000)
            ),
            SpecField(path: "search/population", kind: .integer(\.search.population, 4...4096)),
            SpecField(
                path: "search/generations",
                kind: .integer(\.search.generations, 1...100_000)
            ),
            SpecField(path: "search/patience", kind: .integer(\.search.patience, 1...100_000)),
            SpecField(path: "search/mode", kind: .choice(\.search.mode, ["full", "plain"])),
            SpecField(
                path: "search/criterion",
                kind: .choice(\.search.criterion, ["least_squares", "quadratic"])
            ),
        ]
    }

    private static var methods: [SpecField] {
        [
            SpecField(
                path: "fisher/form",
                kind: .choice(\.fisher.form, ["one_shot", "iterative"])
            ),
            SpecField(
                path: "fisher/normalisation",
                kind: .choice(\.fisher.normalisation, ["none", "macs", "memory"])
            ),
            SpecField(path: "fisher/interval", kind: .integer(\.fisher.interval, 1...100_000)),
            SpecField(path: "fisher/labels", kind: .flag(\.fisher.labels)),
            SpecField(
                path: "conditional/warmup",
                kind: .integer(\.conditional.warmup, 1...100_000)
            ),
            SpecField(
                path: "conditional/episodes",
                kind: .integer(\.conditional.episodes, 1...100_000)
            ),
            SpecField(
                path: "uniform/gate_steps",
                kind: .integer(\.uniform.gateSteps, 1...1_000_000)
            ),
            SpecField(
                path: "uniform/start",
                kind: .choice(\.uniform.start, ["inherited", "scratch"])
            ),
        ]
    }

    private static var training: [SpecField] {
        [
            SpecField(path: "compensation/enabled", kind: .flag(\.compensation.enabled)),
            SpecField(
                path: "compensation/images",
                kind: .integer(\.compensation.images, 1...1_000_000)
            ),
            SpecField(path: "compensation/ridge", kind: .number(\.compensation.ridge, 0...1)),
            SpecField(path: "compensation/rescale", kind: .flag(\.compensation.rescale)),
            SpecField(
                path: "distillation/order",
                kind: .choice(\.distillation.order, ["one_shot", "layerwise"])
            ),
            SpecField(
                path: "distillation/layer_epochs",
                kind: .number(\.distillation.layerEpochs, 0...1000)
            ),
            SpecField(
                path: "distillation/epochs",
                kind: .integer(\.distillation.epochs, 0...10_000)
            ),
            SpecField(
                path: "distillation/optimizer",
                kind: .choice(\.distillation.optimizer, ["adam", "sgd"])
            ),
            SpecField(
                path: "distillation/learning_rate",
                kind: .number(\.distillation.learningRate, 1e-9...10)
            ),
            SpecField(
                path: "distillation/momentum",
                kind: .number(\.distillation.momentum, 0...0.999)
            ),
            SpecField(
                path: "distillation/weight_decay",
                kind: .number(\.distillation.weightDecay, 0...1)
            ),
            SpecField(
                path: "distillation/schedule",
                kind: .choice(\.distillation.schedule, ["cosine", "step", "constant"])
            ),
            SpecField(path: "distillation/warmup", kind: .number(\.distillation.warmup, 0...0.9)),
            SpecField(
                path: "distillation/temperature",
                kind: .number(\.distillation.temperature, 0.1...100)
            ),
            SpecField(path: "distillation/weight", kind: .number(\.distillation.weight, 0...1)),
            SpecField(
                path: "distillation/form",
                kind: .choice(\.distillation.form, ["auto", "soft", "logit", "output"])
            ),
            SpecField(
                path: "distillation/augmentation",
                kind: .choice(\.distillation.augmentation, ["auto", "none", "crop_flip"])
            ),
            SpecField(
                path: "distillation/label_smoothing",
                kind: .number(\.distillation.labelSmoothing, 0...0.9)
            ),
        ]
    }
}
