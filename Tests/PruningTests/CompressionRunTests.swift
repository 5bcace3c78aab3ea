import Datasets
import Engine
import Graph
import Pruning
import Tensors
import Testing

@Suite struct CompressionRunTests {
    /// Conv, BatchNorm, ReLU, a residual block, pooling and a softmax head on 8 x 8 images.
    static func teacher() throws -> Network {
        var builder = NetworkBuilder(input: [8, 8, 3])
        let stem = builder.relu(
            "r0",
            builder.normalization("stem_bn", builder.convolution("stem", 0, 8))
        )
        let mid = builder.relu(
            "r1",
            builder.normalization("mid_bn", builder.convolution("mid", stem, 12))
        )
        let out = builder.convolution("out", mid, 8)
        let add = builder.add("add", .merge(Merge(.add)), reading: [out, stem])
        let pool = builder.add(
            "pool",
            .globalPooling2D(GlobalPooling2D(.average)),
            reading: [add]
        )
        let head = builder.dense("head", pool, 8, 4)
        let answer = builder.add("softmax", .activation(.softmax), reading: [head])
        return try builder.network(output: answer)
    }

    static func data() -> CompressionData {
        func samples(_ count: Int, _ seed: UInt64) -> SampleSet {
            TestData.samples(count, [8, 8, 3], seed: seed)
        }
        return CompressionData(
            training: samples(96, 6),
            validation: samples(40, 7),
            test: samples(40, 8)
        )
    }

    static func plan() -> CompressionPlan {
        var plan = CompressionPlan(budget: Budget(.macs, .fraction(0.6)))
        plan.batchSize = 32
        plan.roundTo = 2
        plan.minimumChannels = 2
        plan.sensitivity.fractions = [0.25, 0.5]
        plan.search.generations = 5
        plan.allocation.weighted = 2
        plan.compensation.images = 64
        plan.distillation.epochs = 2
        return plan
    }

    /// The ways a run can go, each of which must go on from any of its steps.
    enum Way: String, CaseIterable {
        case oneShot, layerwise, accuracyDrop, unrepaired, unaugmented, bytes
    }

    private func plan(_ way: Way) -> CompressionPlan {
        var plan = Self.plan()
        switch way {
        case .oneShot: break
        case .layerwise:
            plan.distillation.order = .layerwise
            plan.distillation.optimizer = .sgd
            plan.distillation.epochs = 1
        case .accuracyDrop: plan.budget = Budget(.accuracyDrop, .fraction(0.2))
        case .unrepaired: plan.compensation.isEnabled = false
        case .unaugmented:
            plan.distillation.augmentation = .none
            plan.distillation.form = .logit
            plan.compensation.rescales = true
        case .bytes:
            plan.budget = Budget(.bytes, .fraction(0.7))
            plan.distillation.epochs = 0
        }
        return plan
    }

    @Test(
        "a run resumed from any step ends with the same bits, within budget",
        arguments: Way.allCases
    )
    func resume(way: Way) throws {
        let outcome = try outcomeFromEveryStep(
            teacher: Self.teacher(),
            data: Self.data(),
            plan: plan(way)
        )
        if way == .bytes {
            #expect(4 * outcome.record.studentCost.parameters <= outcome.record.limit)
        } else {
            #expect(outcome.record.studentCost.macs <= outcome.record.limit)
        }
        if way != .accuracyDrop {
            #expect(outcome.record.studentCost.macs < outcome.record.teacherCost.macs)
        }
    }

    @Test("one thread and several give the same bits")
    func threads() throws {
        let threads = ThreadPool.shared.threads
        defer { ThreadPool.shared.setThreads(threads) }
        var results: [[[UInt32]]] = []
        for count in [1, threads] {
            ThreadPool.shared.setThreads(count)
            let run = try CompressionRun(
                teacher: try Self.teacher(),
                data: Self.data(),
                plan: Self.plan()
            )
            while try run.advance() {}
            results.append(bits(try #require(run.outcome).student))
        }
        #expect(results[0] == results[1])
    }

    @Test("removing units gives what zeroing them gives, and the predicted cost is the counted one")
    func surgery() throws {
        let teacher = try Self.teacher()
        let analysis = CouplingAnalysis(teacher)
        #expect(analysis.groups.map(\.width) == [8, 12])
        let input = Self.data().test?.batch(Array(0..<5))
        let model = CostModel(teacher, groups: analysis.groups)
        for kept in [[[0, 2, 5], Array(0..<12)], [Array(0..<8), [1, 7]], [[3], [0, 11]]] {
            var zeroed = teacher
            for (group, staying) in zip(analysis.groups, kept) {
                for slice in group.slices {
                    for unit in Set(0..<group.width).subtracting(staying) {
                        zeroed.updateWeight(layer: slice.place.layer, index: slice.place.weight) {
                            Self.zero(&$0, slice.positions[unit], axis: slice.place.axis)
                        }
                    }
                }
            }
            let cut = try teacher.keeping(kept, of: analysis)
            let batch = try #require(input)
            let difference = cut.predict([batch])[0].largestDifference(
                from: zeroed.predict([batch])[0]
            )
            #expect(difference < 1e-5)
            #expect(cut.cost == model.cost(keeping: kept.map(\.count)))
        }
    }

    static func zero(_ weight: inout Tensor, _ positions: [Int], axis: Int) {
        let inner = weight.shape.dimensions[(axis + 1)...].reduce(1, *)
        for position in 0..<weight.count
        where positions.contains(position / inner % weight.shape[axis]) {
            weight[position] = 0
        }
    }

    @Test("a label beyond the classes is refused before any work, in whichever samples it is")
    func strayLabels() throws {
        let teacher = try Self.teacher()
        let stray = SampleSet(
            storage: .floats([Float](repeating: 0, count: 2 * 192)),
            sampleShape: [8, 8, 3],
            labels: [0, 9]
        )
        let parts: [WritableKeyPath<CompressionData, SampleSet>] = [\.training, \.validation]
        for part in parts {
            var samples = Self.data()
            samples[keyPath: part] = stray
            let error = #expect(throws: CompressionError.self) {
                try CompressionRun(teacher: teacher, data: samples, plan: Self.plan())
            }
            #expect(error == .labelRange(classes: 4, largest: 9))
        }
        var samples = Self.data()
        samples.test = stray
        let error = #expect(throws: CompressionError.self) {
            try CompressionRun(teacher: teacher, data: samples, plan: Self.plan())
        }
        #expect(error == .labelRange(classes: 4, largest: 9))
    }

    @Test("units of a group that cannot be measured go all the same, and the record says why")
    func unmeasured() throws {
        var teacher = try Self.teacher()
        // Nothing that reads the middle channels hears them: their consumer's kernel is zero.
        let out = try #require(teacher.layers.firstIndex { $0.name == "out" })
        teacher.setWeight(
            Tensor(teacher.layers[out].weights[0].shape),
            layer: out,
            index: 0
        )
        let run = try CompressionRun(teacher: teacher, data: Self.data(), plan: Self.plan())
        while try run.advance() {}
        let record = try #require(run.outcome).record
        #expect(record.studentCost.macs <= record.limit)
        let group = try #require(record.groups.first { $0.name == "mid" })
        #expect(group.note?.contains("not measured") == true)
        #expect(group.sensitivity.isEmpty)
    }

    @Test("a budget below the least possible is refused before any work, with that least")
    func unreachable() throws {
        for unit in [Budget.Unit.macs, .parameters, .bytes] {
            var plan = Self.plan()
            plan.budget = Budget(unit, .fraction(0.001))
            let (teacher, data) = (try Self.teacher(), Self.data())
            #expect(throws: CompressionError.self) {
                try CompressionRun(teacher: teacher, data: data, plan: plan)
            }
        }
    }

    @Test("latency goes by the clock that is handed in, and needs one")
    func latency() throws {
        var plan = Self.plan()
        plan.budget = Budget(.latency, .fraction(0.9))
        plan.distillation.epochs = 0
        let (teacher, data) = (try Self.teacher(), Self.data())
        #expect(throws: CompressionError.self) {
            try CompressionRun(teacher: teacher, data: data, plan: plan)
        }
        // A clock that ticks evenly: every network takes a tick, so no cut is fast enough.
        var ticks = 0.0
        let run = try CompressionRun(teacher: teacher, data: data, plan: plan) {
            ticks += 0.001
            return ticks
        }
        while try run.advance() {}
        let record = try #require(run.outcome).record
        #expect(record.teacherLatency == 1_000_000 || record.teacherLatency == 999_999)
        #expect(record.candidates.allSatisfy { $0.latency != nil })
    }

    @Test("what the record says of errors, searches and samples hangs together")
    func record() throws {
        let run = try CompressionRun(
            teacher: try Self.teacher(),
            data: Self.data(),
            plan: Self.plan()
        )
        while try run.advance() {}
        let record = try #require(run.outcome).record
        for group in record.groups {
            if let errors = group.errors {
                #expect(errors.leastSquares <= errors.folded)
                #expect(errors.folded <= errors.raw * (1 + 1e-9))
                #expect(errors.fitted != nil)
            }
            if let search = group.search {
                let genetic = try #require(search.genetic)
                #expect(genetic <= search.greedy)
                #expect(search.optimum.map { $0 <= genetic * (1 + 1e-12) } ?? true)
                #expect((search.bound ?? 0) <= genetic * (1 + 1e-12))
            }
        }
        #expect(record.studentConfusion?.joined().reduce(0, +) == 40)
        let correct = record.teacherConfusion?.enumerated().reduce(0) { $0 + $1.element[$1.offset] }
        #expect(correct == record.teacherTest?.accuracy.map { Int(($0 * 40).rounded()) })
        let work = record.scanWork
        #expect(work.macs > 0 && work.macs < work.naiveMacs)
        #expect(work.layers > 0 && work.layers < work.naiveLayers)
        // A sequential reading of the plan's candidates: none that was measured is better than the one chosen.
        let limit = record.limit
        for candidate in record.candidates where candidate.cost.macs <= limit {
            #expect(record.candidates[0].quality.loss * 0.99 <= candidate.quality.loss)
        }
    }

    @Test("keeping everything leaves every weight as it was, bit for bit")
    func idempotence() throws {
        var plan = Self.plan()
        plan.budget = Budget(.macs, .fraction(1))
        plan.distillation.epochs = 0
        let teacher = try Self.teacher()
        let analysis = CouplingAnalysis(teacher)
        let same = try teacher.keeping(analysis.groups.map { Array(0..<$0.width) }, of: analysis)
        #expect(bits(same) == bits(teacher))
        let run = try CompressionRun(teacher: teacher, data: Self.data(), plan: plan)
        while try run.advance() {}
        let outcome = try #require(run.outcome)
        #expect(outcome.record.studentCost == outcome.record.teacherCost)
        #expect(bits(outcome.student) == bits(teacher))
    }
}
