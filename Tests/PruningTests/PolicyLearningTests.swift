import Pruning
import Tensors
import Testing

/// A made problem with a known best: costs are products of neighbouring widths, losses convex in each width.
@Suite struct PolicyLearningTests {
    private static let widths = [16, 16, 32, 32, 64, 64]
    private static let steepness = [4, 0.5, 2, 0.25, 1, 0.125]

    private static func cost(_ kept: [Int]) -> Int {
        let all = [3] + kept + [10]
        return zip(all, all.dropFirst()).enumerated().reduce(0) {
            $0 + $1.element.0 * $1.element.1 * 9 * [64, 64, 16, 16, 4, 4, 1][$1.offset]
        }
    }

    private static let curves = steepness.map { steepness in
        RemovalCurve(
            (1...20).map { (Double($0) / 20, steepness * Double($0 * $0) / 400) }
        )
    }

    private static func allocator(_ share: Double) -> Allocator {
        Allocator(
            widths: widths,
            floors: widths.map { $0 / 8 },
            roundTo: 1,
            limit: Int(share * Double(cost(widths))),
            cost: cost
        )
    }

    private static func loss(_ kept: [Int]) -> Double {
        allocator(1).loss(of: kept, curves)
    }

    private static func bestLoss(_ share: Double) -> Double {
        let allocator = allocator(share)
        return allocator.loss(of: allocator.optimal(along: curves, name: "").kept, curves)
    }

    private static func problem(_ shares: [Double]) -> PolicyProblem {
        let inputs = [3] + widths
        return PolicyProblem(
            layers: widths.enumerated().map { index, width in
                PolicyLayer(
                    outputs: width,
                    inputs: inputs[index],
                    height: [8, 8, 4, 4, 2, 2][index],
                    width: [8, 8, 4, 4, 2, 2][index],
                    weights: 9 * inputs[index] * width,
                    macs: 9 * inputs[index] * width * [64, 64, 16, 16, 4, 4][index]
                )
            },
            floors: widths.map { $0 / 8 },
            targets: shares.map {
                PolicyTarget(limit: allocator($0).limit, expectedReward: -bestLoss($0))
            },
            cost: cost
        )
    }

    private static func searched(
        _ shares: [Double],
        warmup: Int,
        training: Int,
        seed: UInt64
    ) throws -> ConditionalPolicy {
        var settings = PolicySettings()
        settings.hiddenUnits = 64
        settings.warmupEpisodes = warmup
        settings.trainingEpisodes = training
        var policy = try ConditionalPolicy(problem: problem(shares), settings: settings, seed: seed)
        while !policy.isFinished {
            let episode = policy.nextEpisode()
            policy.finish(episode, reward: -loss(episode.kept))
        }
        return policy
    }

    @Test("a learned policy comes nearer to the best allocation than random ones, of as many")
    func learns() throws {
        let best = Self.bestLoss(0.5)
        var (learned, random) = (0.0, 0.0)
        for seed in [1, 3] as [UInt64] {
            let policy = try Self.searched([0.5], warmup: 30, training: 160, seed: seed)
            let drawn = try Self.searched([0.5], warmup: 190, training: 0, seed: seed)
            learned -= try #require(policy.best[0]).reward / 2
            random -= try #require(drawn.best[0]).reward / 2
        }
        #expect(learned >= best - 1e-9)
        #expect(learned - best < 0.7 * (random - best))
    }

    @Test(
        "one policy serves several targets: with more budget its own answer keeps more, and loses less"
    )
    func conditional() throws {
        let shares = [0.4, 0.55, 0.7]
        let policy = try Self.searched(shares, warmup: 60, training: 240, seed: 2)
        let random = try Self.searched(shares, warmup: 300, training: 0, seed: 2)
        var (lastLoss, lastCost) = (Double.infinity, 0)
        var (learned, drawn) = (0.0, 0.0)
        for (target, share) in shares.enumerated() {
            let kept = policy.allocation(for: target)
            let limit = policy.problem.targets[target].limit
            #expect(Self.cost(kept) <= limit)
            #expect(Double(Self.cost(kept)) > 0.95 * Double(limit))
            #expect(Self.cost(kept) > lastCost)
            #expect(Self.loss(kept) < lastLoss)
            (lastLoss, lastCost) = (Self.loss(kept), Self.cost(kept))
            let best = Self.bestLoss(share)
            learned -= try #require(policy.best[target]).reward + best
            drawn -= try #require(random.best[target]).reward + best
        }
        #expect(learned >= -1e-9)
        #expect(learned < 0.8 * drawn)
    }
}
