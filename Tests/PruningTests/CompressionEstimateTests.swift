import Graph
import Pruning
import Testing

/// What a compression takes, counted before it is begun.
@Suite struct CompressionEstimateTests {
    private func estimate(
        samples: Int = 1000,
        _ change: (inout CompressionPlan) -> Void = { _ in }
    ) throws -> CompressionEstimate {
        var plan = CompressionPlan(budget: Budget(.macs, .fraction(0.5)))
        change(&plan)
        return CompressionEstimate(
            teacher: try CompressionRunTests.teacher(),
            plans: [plan],
            samples: CompressionEstimate.Samples(
                training: samples,
                validation: samples / 10,
                test: 0,
                bytes: samples * 192 * 4
            )
        )
    }

    @Test("training is counted by epochs, samples and the budget")
    func training() throws {
        let usual = try estimate()
        #expect(usual.trainingPasses == 10 * 1000 * 0.5)
        #expect(try estimate { $0.distillation.epochs = 20 }.trainingPasses == 10_000)
        #expect(try estimate(samples: 2000).trainingPasses == 10_000)
        #expect(
            try estimate { $0.budget = Budget(.macs, .fraction(0.25)) }.trainingPasses == 2500
        )
        #expect(try estimate { $0.distillation.order = .layerwise }.trainingPasses > 5000)
    }

    @Test("more to look at is more to pass through, and less is less")
    func passes() throws {
        let usual = try estimate().forwardPasses
        #expect(try estimate { $0.sensitivity.fractions = [0.5] }.forwardPasses < usual)
        #expect(try estimate { $0.allocation.weighted = 9 }.forwardPasses > usual)
        #expect(try estimate { $0.compensation.isEnabled = false }.forwardPasses < usual)
    }

    @Test("students share the scan; each is trained, and a method learns once")
    func students() throws {
        func estimate(_ plans: [CompressionPlan]) throws -> CompressionEstimate {
            CompressionEstimate(
                teacher: try CompressionRunTests.teacher(),
                plans: plans,
                samples: CompressionEstimate.Samples(
                    training: 1000,
                    validation: 100,
                    test: 0,
                    bytes: 1000 * 192 * 4
                )
            )
        }
        let genetic = CompressionPlan(budget: Budget(.macs, .fraction(0.5)))
        let (one, two) = (try estimate([genetic]), try estimate([genetic, genetic]))
        #expect(two.trainingPasses == 2 * one.trainingPasses)
        #expect(two.forwardPasses < 2 * one.forwardPasses)
        var quick = genetic
        quick.method = .l1
        #expect(try estimate([quick]).forwardPasses < one.forwardPasses)
        var gated = genetic
        gated.method = .uniform
        let gates = Double(gated.uniform.gates.steps * gated.batchSize)
        #expect(try estimate([gated, gated]).trainingPasses == 2 * one.trainingPasses + gates)
    }

    @Test("memory grows with samples and with the batch")
    func memory() throws {
        let usual = try estimate().memoryBytes
        #expect(try estimate(samples: 100_000).memoryBytes - usual >= 99_000 * 192 * 4)
        #expect(try estimate { $0.batchSize = 4096 }.memoryBytes > usual)
    }
}
