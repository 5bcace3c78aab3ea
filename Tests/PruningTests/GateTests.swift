import Datasets
import Engine
import Graph
import Pruning
import Tensors
import Testing

@Suite struct GateTests {
    /// Two convolutions with BatchNorm, a residual sum, pooling and a softmax head.
    private static func teacher(width: Int = 20) throws -> Network {
        var builder = NetworkBuilder(input: [6, 6, 3])
        let stem = builder.relu(
            "r0",
            builder.normalization("stem_bn", builder.convolution("stem", 0, 8))
        )
        let mid = builder.relu(
            "r1",
            builder.normalization("mid_bn", builder.convolution("mid", stem, width))
        )
        let out = builder.normalization("out_bn", builder.convolution("out", mid, 8))
        let sum = builder.add("add", .merge(Merge(.add)), reading: [out, stem])
        let pool = builder.add(
            "pool",
            .globalPooling2D(GlobalPooling2D(.average)),
            reading: [sum]
        )
        let hidden = builder.relu("r2", builder.dense("hidden", pool, 8, 12))
        let head = builder.dense("head", hidden, 12, 4)
        let answer = builder.add("softmax", .activation(.softmax), reading: [head])
        return try builder.network(output: answer)
    }

    private static func settings(steps: Int) -> GateSettings {
        var settings = GateSettings()
        settings.steps = steps
        settings.batchSize = 16
        return settings
    }

    private static func training(
        _ teacher: Network,
        _ samples: SampleSet,
        _ settings: GateSettings
    ) throws -> GateTraining {
        try GateTraining(
            teacher: teacher,
            analysis: CouplingAnalysis(teacher),
            samples: samples,
            settings: settings,
            seed: 7
        )
    }

    private static let samples = TestData.samples(80, [6, 6, 3])

    private func bits(_ values: [[Float]]) -> [[UInt32]] { values.map { $0.map(\.bitPattern) } }

    @Test("gates that let everything pass, as they do at first, leave the teacher as it was")
    func neutral() throws {
        let teacher = try Self.teacher()
        let training = try Self.training(teacher, Self.samples, Self.settings(steps: 1))
        let batch = Self.samples.batch(Array(0..<8))
        let answers = training.gated.predict([batch])[0]
        #expect(answers.largestDifference(from: teacher.predict([batch])[0]) < 1e-6)
        let scores = training.scores()
        #expect(scores.count == CouplingAnalysis(teacher).groups.count)
        for score in scores { #expect(try #require(score).allSatisfy { $0 == 0.5 }) }
    }

    @Test(
        "a gate squeezes to a sixteenth without biases, or to one number with biases up to 16 channels"
    )
    func shapes() throws {
        for (width, hidden) in [(8, 1), (16, 1), (17, 1), (32, 2), (40, 2)] {
            let teacher = try Self.teacher(width: width)
            let training = try Self.training(teacher, Self.samples, Self.settings(steps: 1))
            func shapes(_ part: String) -> [Shape] {
                let layer = training.gated.layers.first { $0.name == "mid gate \(part)" }
                return layer?.weights.map(\.shape) ?? []
            }
            let hasBias = width <= 16
            #expect(shapes("squeeze") == [[width, hidden]] + (hasBias ? [[hidden]] : []))
            #expect(shapes("excite") == [[hidden, width]] + (hasBias ? [[width]] : []))
        }
    }

    @Test("training changes the gates alone, and lowers the loss", arguments: [true, false])
    func learns(hasLabels: Bool) throws {
        let teacher = try Self.teacher()
        let samples = hasLabels ? Self.samples : Self.unlabelled(Self.samples)
        var training = try Self.training(teacher, samples, Self.settings(steps: 40))
        let before = training.values
        try training.train(steps: 40)
        #expect(training.isFinished)
        let losses = training.progress.losses
        #expect(losses.count == 8)
        #expect(try #require(losses.last) < losses[0])
        for (layer, own) in zip(training.gated.layers, teacher.layers) {
            #expect(layer.weights == own.weights)
        }
        let pairs = zip(before, training.values)
        #expect(pairs.allSatisfy { $0 != $1 })
    }

    private static func unlabelled(_ samples: SampleSet) -> SampleSet {
        SampleSet(
            storage: .floats(samples.batch(Array(0..<samples.count)).values),
            sampleShape: samples.sampleShape,
            labels: nil
        )
    }

    @Test("gates resumed after any step end with the same bits, with labels and without")
    func resume() throws {
        let teacher = try Self.teacher()
        for samples in [Self.samples, Self.unlabelled(Self.samples)] {
            let settings = Self.settings(steps: 8)
            var whole = try Self.training(teacher, samples, settings)
            var saved = [(whole.progress, whole.values)]
            while !whole.isFinished {
                try whole.train(steps: 1)
                saved.append((whole.progress, whole.values))
            }
            let threads = ThreadPool.shared.threads
            defer { ThreadPool.shared.setThreads(threads) }
            for (index, (progress, values)) in saved.enumerated() {
                ThreadPool.shared.setThreads(1 + index % 3)
                var resumed = try Self.training(teacher, samples, settings)
                var tensors = values[...]
                try resumed.restore(progress, from: &tensors)
                #expect(tensors.isEmpty)
                try resumed.train(steps: 3)
                try resumed.train(steps: 100)
                #expect(resumed.progress == whole.progress)
                #expect(bits(resumed.values) == bits(whole.values))
                #expect(resumed.scores() == whole.scores())
            }
        }
    }

    /// The class is the sign of the image; channel 0 passes it on, 2 passes noise on, the others pass nothing on.
    private static func problem(width: Int) throws -> (Network, SampleSet) {
        var random = CounterRandom(seed: 12, stage: "problem")
        var values: [Float] = []
        var labels: [Int32] = []
        for index in 0..<160 {
            labels.append(Int32(index % 2))
            for _ in 0..<16 {
                values.append((index % 2 == 0 ? 1 : -1) + 0.3 * random.nextNormal())
                values.append(random.nextNormal())
            }
        }
        let samples = SampleSet(storage: .floats(values), sampleShape: [4, 4, 2], labels: labels)
        var builder = NetworkBuilder(input: [4, 4, 2])
        var filters = Tensor([1, 1, 2, width])
        filters[0] = 1
        filters[width + 2] = 1
        let window = SlidingWindow(size: Size2D(1, 1), padding: .same)
        let convolution = builder.add(
            "convolution",
            .convolution2D(Convolution2D(filters: width, window: window, usesBias: false)),
            [filters],
            reading: [0],
            channels: width
        )
        let normal = builder.add(
            "normalization",
            .batchNormalization(BatchNormalization()),
            [Tensor([width], repeating: 1), Tensor([width])]
                + [Tensor([width]), Tensor([width], repeating: 1)],
            reading: [convolution]
        )
        let pool = builder.add(
            "pool",
            .globalPooling2D(GlobalPooling2D(.average)),
            reading: [normal]
        )
        var kernel = Tensor([width, 2])
        kernel[0] = 2
        kernel[1] = -2
        kernel[4] = 0.1
        kernel[5] = -0.1
        let head = builder.add(
            "head",
            .dense(Dense(units: 2)),
            [kernel, Tensor([2])],
            reading: [pool],
            channels: 2
        )
        let answer = builder.add("softmax", .activation(.softmax), reading: [head])
        return (try builder.network(output: answer), samples)
    }

    @Test(
        "a channel that carries the answer scores more than one of nothing or of noise",
        arguments: [4, 32]
    )
    func importance(width: Int) throws {
        let (teacher, samples) = try Self.problem(width: width)
        for labelled in [samples, Self.unlabelled(samples)] {
            var training = try Self.training(teacher, labelled, Self.settings(steps: 150))
            try training.train(steps: 150)
            let scores = try #require(training.scores()[0])
            #expect(scores[0] > scores[1] + 0.1)
            #expect(scores[0] > scores[2] + 0.1)
        }
    }

    /// A convolution with a gate of its own, made by convolutions or matrices, before a second convolution.
    private func squeezed(byDense: Bool) throws -> Network {
        var builder = NetworkBuilder(input: [6, 6, 3])
        let stem = builder.relu("r0", builder.convolution("stem", 0, 6))
        let pooling = GlobalPooling2D(.average, keepsDimensions: !byDense)
        var gate = builder.add("pool", .globalPooling2D(pooling), reading: [stem])
        if byDense {
            gate = builder.relu("squeeze_relu", builder.dense("squeeze", gate, 6, 3))
            gate = builder.dense("excite", gate, 3, 6)
        } else {
            gate = builder.relu("squeeze_relu", builder.convolution("squeeze", gate, 3, size: 1))
            gate = builder.convolution("excite", gate, 6, size: 1)
        }
        gate = builder.add("gate", .activation(.sigmoid), reading: [gate])
        if byDense {
            gate = builder.add("back", .reshape(Reshape(target: [1, 1, 6])), reading: [gate])
        }
        let scaled = builder.add("scaled", .merge(Merge(.multiply)), reading: [stem, gate])
        let second = builder.relu("r1", builder.convolution("second", scaled, 5))
        let pool = builder.add(
            "last_pool",
            .globalPooling2D(GlobalPooling2D(.average)),
            reading: [second]
        )
        let head = builder.dense("head", pool, 5, 4)
        return try builder.network(output: head)
    }

    @Test(
        "gates that a network has are its scores; only its other groups are given new ones",
        arguments: [true, false]
    )
    func existing(byDense: Bool) throws {
        let network = try squeezed(byDense: byDense)
        let groups = CouplingAnalysis(network).groups
        let training = try Self.training(network, Self.samples, Self.settings(steps: 1))
        let scores = training.scores()
        let stem = try #require(groups.firstIndex { $0.name == "stem" })
        let gate = try #require(
            network.layers.firstIndex { $0.name == (byDense ? "back" : "gate") }
        )
        let batch = Self.samples.batch(Array(0..<Self.samples.count))
        let values = try #require(
            Inference(network).values(of: [network.calls[gate][0]], inputs: [batch]).values.first
        )
        for unit in 0..<6 {
            let own = stride(from: unit, to: values.count, by: 6).map { Double(values[$0]) }
            let mean = own.reduce(0, +) / Double(own.count)
            #expect(abs(try #require(scores[stem])[unit] - mean) < 1e-6)
        }
        let gated = Set(training.gated.layers.map(\.name).filter { $0.hasSuffix("gate excite") })
        #expect(gated == ["squeeze gate excite", "second gate excite"])
        #expect(scores.allSatisfy { $0 != nil })
    }
}
