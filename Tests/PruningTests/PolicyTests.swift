import Engine
import Graph
import Pruning
import Tensors
import Testing

@Suite struct PolicyTests {
    /// A chain of layers whose costs are products of neighbouring widths, some of which may not be cut.
    private static func chain(
        seed: UInt64,
        groups: ClosedRange<Int>,
        shares: [Double],
        roundTo: Int = 1
    ) -> PolicyProblem {
        var random = CounterRandom(seed: seed, stage: "policy problem")
        let count = Int.random(in: groups, using: &random)
        let widths = (0..<count).map { _ in Int.random(in: 1...40, using: &random) }
        let pixels = (0...count).map { _ in Int.random(in: 1...64, using: &random) }
        let floors = widths.map { width in
            Int.random(in: 0..<4, using: &random) == 0 ? width : min(width, 2)
        }
        func cost(_ kept: [Int]) -> Int {
            let all = [3] + kept + [10]
            return zip(all, all.dropFirst()).enumerated().reduce(0) {
                $0 + $1.element.0 * $1.element.1 * 9 * pixels[$1.offset]
            }
        }
        let (least, most) = (cost(floors), cost(widths))
        let inputs = [3] + widths
        return PolicyProblem(
            layers: widths.enumerated().map { index, width in
                PolicyLayer(
                    outputs: width,
                    inputs: inputs[index],
                    height: pixels[index],
                    width: pixels[index],
                    weights: 9 * inputs[index] * width,
                    macs: 9 * inputs[index] * width * pixels[index]
                )
            },
            floors: floors,
            roundTo: roundTo,
            targets: shares.map {
                PolicyTarget(limit: least + Int($0 * Double(most - least)), expectedReward: 0.5)
            },
            cost: cost
        )
    }

    private static func quick(warmup: Int, training: Int, hidden: Int = 8) -> PolicySettings {
        var settings = PolicySettings()
        settings.hiddenUnits = hidden
        settings.warmupEpisodes = warmup
        settings.trainingEpisodes = training
        settings.minibatch = 8
        settings.updatesPerEpisode = 1
        return settings
    }

    @Test("no episode costs more than its target, and no group keeps less than its floor")
    func limits() throws {
        for seed in 0..<300 as Range<UInt64> {
            let problem = Self.chain(
                seed: seed,
                groups: 1...9,
                shares: [0, 0.3, 0.8, 1],
                roundTo: seed % 2 == 0 ? 1 : 8
            )
            var policy = try ConditionalPolicy(
                problem: problem,
                settings: Self.quick(warmup: 4, training: 4),
                seed: seed
            )
            while !policy.isFinished {
                let episode = policy.nextEpisode()
                let limit = problem.targets[episode.target].limit
                #expect(problem.cost(episode.kept) <= limit, "seed \(seed)")
                for group in problem.widths.indices {
                    let allowed = problem.floors[group]...problem.widths[group]
                    #expect(allowed.contains(episode.kept[group]), "seed \(seed)")
                }
                if episode.target == 0 { #expect(episode.kept == problem.floors) }
                policy.finish(episode, reward: Double(episode.kept.reduce(0, +)) / 100)
            }
        }
    }

    private func bits(_ policy: ConditionalPolicy) -> [[UInt32]] {
        policy.values.map { $0.map(\.bitPattern) }
    }

    @Test("a policy resumed after any episode ends with the same bits, on one thread as on several")
    func resume() throws {
        let problem = Self.chain(seed: 3, groups: 4...4, shares: [0.4, 0.7])
        let settings = Self.quick(warmup: 3, training: 6, hidden: 70)
        func fresh() throws -> ConditionalPolicy {
            try ConditionalPolicy(problem: problem, settings: settings, seed: 11)
        }
        func reward(_ episode: PolicyEpisode) -> Double {
            let kept = zip(episode.kept, problem.widths).map { Double($0) / Double($1) }
            return kept.reduce(1, *)
        }
        var whole = try fresh()
        var saved = [(whole.progress, whole.values)]
        while !whole.isFinished {
            let episode = whole.nextEpisode()
            whole.finish(episode, reward: reward(episode))
            saved.append((whole.progress, whole.values))
        }
        let threads = ThreadPool.shared.threads
        defer { ThreadPool.shared.setThreads(threads) }
        for (index, (progress, values)) in saved.enumerated() {
            ThreadPool.shared.setThreads(1 + index % 3)
            var resumed = try fresh()
            var tensors = values[...]
            try resumed.restore(progress, from: &tensors)
            #expect(tensors.isEmpty)
            while !resumed.isFinished {
                // An episode that was asked for and never finished leaves no trace.
                _ = resumed.nextEpisode()
                let episode = resumed.nextEpisode()
                resumed.finish(episode, reward: reward(episode))
            }
            #expect(resumed.progress == whole.progress)
            #expect(bits(resumed) == bits(whole))
        }
    }

    @Test("values of another problem are refused")
    func mismatch() throws {
        let settings = Self.quick(warmup: 1, training: 1)
        let first = try ConditionalPolicy(
            problem: Self.chain(seed: 3, groups: 4...4, shares: [0.5]),
            settings: settings,
            seed: 1
        )
        var wider = settings
        wider.hiddenUnits = 9
        var other = try ConditionalPolicy(problem: first.problem, settings: wider, seed: 1)
        var tensors = first.values[...]
        #expect(throws: CompressionError.self) { try other.restore(first.progress, from: &tensors) }
    }

    /// The largest difference between a gradient and central differences, as a share of the largest of them.
    private func worst(
        _ network: WritableKeyPath<ActorCritic, Network>,
        of agent: ActorCritic,
        gradients: Gradients,
        loss: (ActorCritic) -> Double
    ) -> Double {
        var (difference, largest) = (0.0, 0.0)
        for (layer, weights) in gradients.weights.enumerated() {
            for (index, gradient) in weights.enumerated() {
                guard let gradient else { continue }
                for position in stride(from: 0, to: gradient.count, by: 3) {
                    let step: Float = 1e-2
                    let sides = [step, -step].map { step in
                        var moved = agent
                        moved[keyPath: network].updateWeight(layer: layer, index: index) {
                            $0[position] += step
                        }
                        return loss(moved)
                    }
                    let slope = (sides[0] - sides[1]) / Double(2 * step)
                    difference = max(difference, abs(slope - Double(gradient[position])))
                    largest = max(largest, abs(slope))
                }
            }
        }
        return difference / largest
    }

    @Test("the gradients of actor and critic agree with finite differences")
    func gradients() throws {
        var random = CounterRandom(seed: 4, stage: "transitions")
        func state() -> [Float] { (0..<14).map { _ in random.nextUniform() } }
        let batch = (0..<6).map { index in
            PolicyTransition(
                state: state(),
                action: random.nextUniform(),
                reward: random.nextUniform(),
                next: index % 2 == 0 ? state() : nil
            )
        }
        var settings = PolicySettings()
        settings.hiddenUnits = 6
        let agent = try ActorCritic(stateLength: 14, settings: settings, seed: 5)
        let byCritic = agent.criticLoss(batch, baseline: 0.3).gradients
        let critic = worst(\.critic, of: agent, gradients: byCritic) {
            $0.criticLoss(batch, baseline: 0.3).value
        }
        #expect(critic < 0.02)
        let states = batch.map(\.state)
        let byActor = agent.actorLoss(states).gradients
        let actor = worst(\.actor, of: agent, gradients: byActor) { $0.actorLoss(states).value }
        #expect(actor < 0.02)
    }
}
