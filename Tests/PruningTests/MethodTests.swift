import Datasets
import Graph
import Pruning
import Tensors
import Testing

/// Every method through all stages, on the small residual network of ``CompressionRunTests``.
@Suite struct MethodTests {
    /// A method in one of its forms.
    enum Form: String, CaseIterable {
        case genetic, lasso, fisher, compensation, conditional, uniform, l1, l2, bnScale, taylor
        case fpgm, hrank, random
        case removalInTraining, structuralSearch, learnedPolicy, fromScratch, lassoLayerwise
        case fisherDrop, l1Layerwise, removalLayerwise, nothingToCut, longLayers

        var plan: CompressionPlan {
            var plan = CompressionRunTests.plan()
            plan.distillation.epochs = 1
            plan.uniform.gates.steps = 24
            plan.conditional.budgets = [plan.budget]
            plan.conditional.agent.warmupEpisodes = 2
            plan.conditional.agent.trainingEpisodes = 3
            plan.conditional.agent.minibatch = 4
            plan.fisher.interval = 1
            switch self {
            case .genetic: plan.method = .genetic
            case .lasso: plan.method = .lasso
            case .fisher: plan.method = .fisher
            case .compensation: plan.method = .compensation
            case .conditional: plan.method = .conditional
            case .uniform: plan.method = .uniform
            case .l1: plan.method = .l1
            case .l2: plan.method = .l2
            case .bnScale: plan.method = .bnScale
            case .taylor: plan.method = .taylor
            case .fpgm: plan.method = .fpgm
            case .hrank: plan.method = .hrank
            case .random: plan.method = .random
            case .removalInTraining:
                plan.method = .fisher
                plan.fisher.form = .iterative
            case .structuralSearch:
                plan.method = .compensation
                plan.budget = Budget(.accuracyDrop, .fraction(0.2))
            case .learnedPolicy:
                plan.method = .conditional
                plan.conditional.policy = .learned
            case .fromScratch:
                plan.method = .uniform
                plan.uniform.start = .scratch
            case .lassoLayerwise:
                plan.method = .lasso
                plan.distillation.order = .layerwise
                plan.distillation.layerEpochs = 0
            case .l1Layerwise:
                plan.method = .l1
                plan.distillation.order = .layerwise
            case .removalLayerwise:
                plan.method = .fisher
                plan.fisher.form = .iterative
                plan.distillation.order = .layerwise
            case .longLayers:
                // More than an epoch after each group: a step goes over the end of one.
                plan.distillation.order = .layerwise
                plan.distillation.layerEpochs = 2.5
            case .nothingToCut:
                plan.method = .taylor
                plan.budget = Budget(.macs, .fraction(1))
            case .fisherDrop:
                plan.method = .fisher
                plan.budget = Budget(.accuracyDrop, .fraction(0.2))
            }
            return plan
        }
    }

    @Test(
        "every method keeps the budget, and a run of it resumed from any step ends with the same bits",
        arguments: Form.allCases
    )
    func resume(form: Form) throws {
        let plan = form.plan
        let outcome = try outcomeFromEveryStep(
            teacher: CompressionRunTests.teacher(),
            data: CompressionRunTests.data(),
            plan: plan
        )
        #expect(outcome.record.studentCost.macs <= outcome.record.limit)
        if plan.budget.unit != .accuracyDrop, form != .nothingToCut {
            #expect(outcome.record.studentCost.macs < outcome.record.teacherCost.macs)
        }
    }

    @Test("units that go while the network trains are timed like any cut, and the fastest stays")
    func latency() throws {
        var plan = Form.removalInTraining.plan
        plan.budget = Budget(.latency, .fraction(0.8))
        var ticks = 0.0
        let run = try CompressionRun(
            teacher: CompressionRunTests.teacher(),
            data: CompressionRunTests.data(),
            plan: plan
        ) {
            // Every pass takes a tick: no cut is fast enough, and the one that was made is delivered and said to be too slow.
            ticks += 0.001
            return ticks
        }
        while try run.advance() {}
        let record = try #require(run.outcome).record
        #expect(record.studentCost.macs < record.teacherCost.macs)
        #expect(record.studentLatency == record.candidates[0].latency)
        #expect(try #require(record.studentLatency) > record.limit)
    }

    @Test(
        "a network that ends without an activation is compressed and tested",
        arguments: [true, false]
    )
    func logits(hasLabels: Bool) throws {
        var builder = NetworkBuilder(input: [8, 8, 3])
        let first = builder.relu("r", builder.convolution("first", 0, 12))
        let second = builder.convolution("second", first, 8)
        let pool = builder.add(
            "pool",
            .globalPooling2D(GlobalPooling2D(.average)),
            reading: [second]
        )
        let head = builder.dense("head", pool, 8, 4)
        let teacher = try builder.network(output: head)
        func samples(_ count: Int, _ seed: UInt64) -> SampleSet {
            TestData.samples(count, [8, 8, 3], hasLabels: hasLabels, seed: seed)
        }
        let data = CompressionData(
            training: samples(96, 6),
            validation: samples(40, 7),
            test: samples(40, 8)
        )
        let run = try CompressionRun(teacher: teacher, data: data, plan: Form.l1.plan)
        while try run.advance() {}
        #expect(try #require(run.outcome).record.studentTest != nil)
    }

    /// Two methods with two budgets each.
    private func plans() -> [CompressionPlan] {
        [Form.genetic, .learnedPolicy].flatMap { form in
            [0.7, 0.6].map { share in
                var plan = form.plan
                plan.budget = Budget(.macs, .fraction(share))
                plan.conditional.budgets = [0.7, 0.6].map { Budget(.macs, .fraction($0)) }
                plan.distillation.epochs = 1
                return plan
            }
        }
    }

    private func outcomes(of series: CompressionSeries) throws -> [CompressionOutcome] {
        var outcomes: [CompressionOutcome] = []
        repeat {
            while try series.run.advance() {}
            outcomes.append(try #require(series.run.outcome))
        } while series.next()
        return outcomes
    }

    @Test("a series measures the teacher once and gives what each compression alone would")
    func series() throws {
        let (teacher, data) = (try CompressionRunTests.teacher(), CompressionRunTests.data())
        let plans = plans()
        let together = try outcomes(
            of: CompressionSeries(teacher: teacher, data: data, plans: plans)
        )
        #expect(together.count == plans.count)
        for (outcome, plan) in zip(together, plans).prefix(2) {
            let alone = try CompressionRun(teacher: teacher, data: data, plan: plan)
            while try alone.advance() {}
            #expect(bits(try #require(alone.outcome).student) == bits(outcome.student))
        }
        let second = try CompressionSeries(teacher: teacher, data: data, plans: plans)
        while try second.run.advance() {}
        #expect(second.next())
        #expect(second.run.steps(of: .baseline) == 0)
        #expect(second.run.steps(of: .sensitivity) == 0)
    }

    @Test("a series resumed from any step, in any of its compressions, ends with the same bits")
    func resumedSeries() throws {
        let (teacher, data) = (try CompressionRunTests.teacher(), CompressionRunTests.data())
        let plans = plans()
        let whole = try CompressionSeries(teacher: teacher, data: data, plans: plans)
        var checkpoints: [(position: Int, bytes: [UInt8])] = []
        var ends: [[[UInt32]]] = []
        repeat {
            repeat {
                checkpoints.append((whole.position, whole.run.checkpoint()))
            } while try whole.run.advance()
            ends.append(bits(try #require(whole.run.outcome).student))
        } while whole.next()
        for (position, bytes) in checkpoints where position > 0 {
            let resumed = try CompressionSeries(
                teacher: teacher,
                data: data,
                plans: plans,
                resuming: bytes
            )
            #expect(resumed.position == position)
            let rest = try outcomes(of: resumed).map { bits($0.student) }
            #expect(rest == Array(ends[position...]))
        }
    }

    @Test("a budget of a series that cannot be met is said before any work")
    func unreachable() throws {
        var plans = plans()
        plans[3].budget = Budget(.macs, .fraction(0.001))
        let error = #expect(throws: CompressionError.self) {
            try CompressionSeries(
                teacher: try CompressionRunTests.teacher(),
                data: CompressionRunTests.data(),
                plans: plans
            )
        }
        guard case .budgetUnreachable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "the structural search gives each group its part of the drop, and what is left over to the next"
    )
    func structural() {
        // Group 0 can lose all it has for 0.04, group 1 loses 0.01 per unit.
        func accuracy(_ kept: [Int]) -> Double {
            0.9 - 0.04 * Double(8 - kept[0]) / 8 - 0.01 * Double(10 - kept[1])
        }
        var search = StructuralSearch(widths: [8, 10], floors: [1, 1], accuracy: 0.9, drop: 0.1)
        while !search.isDone { search.record(accuracy(search.proposal)) }
        #expect(search.kept[0] == 2)
        // 0.1 - 0.03 is left for group 1: seven units of ten.
        #expect(search.kept[1] == 3)
        #expect(accuracy(search.kept) >= 0.8)
    }
}
