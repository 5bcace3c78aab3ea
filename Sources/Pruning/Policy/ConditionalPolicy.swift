import Graph
import Tensors

/// One way to cut the network for one target, to be tried and rewarded.
public struct PolicyEpisode: Sendable, Hashable, Codable {
    /// The number of the episode.
    public let number: Int
    /// The position of its target.
    public let target: Int
    /// The units that each group keeps; they cost at most the target's limit.
    public let kept: [Int]
    /// What was seen before each step.
    let states: [[Float]]
    /// The share asked for in each step; the constraint may have removed more.
    let actions: [Float]
}

/// The best that was found for one target.
public struct PolicyFinding: Sendable, Hashable, Codable {
    /// The units that each group keeps.
    public var kept: [Int]
    /// The reward, as it was given.
    public var reward: Double
    /// The episode.
    public var episode: Int
}

/// One learned policy for several budgets (METHODS section 5): tries allocations, and learns from what they are worth.
///
/// The owner asks for ``nextEpisode()``, measures the network cut so, and calls ``finish(_:reward:)``. Random numbers
/// are keyed by episode, so what is saved between two episodes is all there is; see ``progress`` and ``values``.
public struct ConditionalPolicy {
    /// What is decided on.
    public let problem: PolicyProblem
    /// How it learns.
    public let settings: PolicySettings
    private let seed: UInt64
    private var networks: ActorCritic
    private var memory: ReplayMemory
    /// What rewards are measured in: their deviation in warm-up, so that the settings hold for any kind of reward.
    private var rewardUnit: Double?
    /// The episodes that were finished.
    public private(set) var episode = 0
    /// For each target, the best episode so far.
    public private(set) var best: [PolicyFinding?]

    /// Makes a policy that knows nothing yet.
    public init(
        problem: PolicyProblem,
        settings: PolicySettings,
        seed: UInt64
    ) throws(GraphError) {
        self.problem = problem
        self.settings = settings
        self.seed = seed
        let length = PolicyProblem.stateLength
        networks = try ActorCritic(stateLength: length, settings: settings, seed: seed)
        memory = ReplayMemory(capacity: Self.capacity(problem, settings), stateLength: length)
        best = problem.targets.map { _ in nil }
    }

    private static func capacity(_ problem: PolicyProblem, _ settings: PolicySettings) -> Int {
        settings.warmupEpisodes * problem.decided.count
    }

    /// Whether all episodes were finished.
    public var isFinished: Bool { episode >= settings.episodes }

    /// The allocation to be tried next, the same until it is finished.
    ///
    /// Targets take turns.
    public func nextEpisode() -> PolicyEpisode {
        attempt(target: episode % problem.targets.count, explores: true)
    }

    /// What the actor by itself says for one target now.
    public func allocation(for target: Int) -> [Int] {
        attempt(target: target, explores: false).kept
    }

    private func attempt(target: Int, explores: Bool) -> PolicyEpisode {
        var random = CounterRandom(seed: seed, stage: "policy actions", step: UInt64(episode))
        var kept = problem.widths
        var states: [[Float]] = []
        var actions: [Float] = []
        var last = 0.0
        for (step, group) in problem.decided.enumerated() {
            let state = problem.state(step: step, kept: kept, target: target, lastAction: last)
            let wanted = explores ? explored(state, using: &random) : networks.action(in: state)
            kept[group] = problem.kept(
                Double(wanted),
                step: step,
                kept: kept,
                target: target,
                settings: settings
            )
            last = 1 - Double(kept[group]) / Double(problem.widths[group])
            states.append(state)
            // Learned from is what was asked for, as in the authors' code: of shares that the constraint forbids nothing
            // would be known otherwise, and the critic would guess, mostly well of them.
            actions.append(max(wanted, Float(settings.leastRemoved)))
        }
        return PolicyEpisode(
            number: episode,
            target: target,
            kept: kept,
            states: states,
            actions: actions
        )
    }

    /// Any share in warm-up, then one near the actor's: normal, drawn again where it is not between 0 and 1.
    private func explored(_ state: [Float], using random: inout CounterRandom) -> Float {
        guard episode >= settings.warmupEpisodes else { return random.nextUniform() }
        let own = networks.action(in: state)
        let deviation = Float(settings.deviation(in: episode))
        for _ in 0..<Self.mostDraws {
            let share = own + deviation * random.nextNormal()
            if (0...1).contains(share) { return share }
        }
        return own
    }

    /// Half of all draws are between 0 and 1 even where the actor says 0 or 1.
    private static let mostDraws = 100

    /// Takes the reward of the episode that ``nextEpisode()`` gave, and learns from it once the warm-up is over.
    ///
    /// - Parameters:
    ///   - attempt: The episode.
    ///   - reward: What the network cut so is worth, such as its accuracy: more is better, and finite.
    public mutating func finish(_ attempt: PolicyEpisode, reward: Double) {
        precondition(attempt.number == episode, "episodes are finished in order")
        if reward > best[attempt.target]?.reward ?? -.infinity {
            best[attempt.target] = PolicyFinding(
                kept: attempt.kept,
                reward: reward,
                episode: episode
            )
        }
        let level = problem.targets[attempt.target].expectedReward
        var random = CounterRandom(seed: seed, stage: "policy batches", step: UInt64(episode))
        for (step, state) in attempt.states.enumerated() {
            memory.add(
                PolicyTransition(
                    state: state,
                    action: attempt.actions[step],
                    reward: Float(reward - level),
                    next: step + 1 < attempt.states.count ? attempt.states[step + 1] : nil
                )
            )
            guard episode >= settings.warmupEpisodes else { continue }
            let unit = rewardUnit ?? memory.rewardDeviation
            rewardUnit = unit
            for _ in 0..<settings.updates(steps: attempt.states.count) {
                let batch = memory.minibatch(settings.minibatch, using: &random)
                networks.update(batch.map { $0.scaled(by: 1 / unit) })
            }
        }
        episode += 1
    }
}

/// Saving and going on.
extension ConditionalPolicy {
    /// Where a policy stands, besides weights, moments and memory.
    public struct Progress: Sendable, Hashable, Codable {
        var episode: Int
        var best: [PolicyFinding?]
        var updates: Int
        var baseline: Double?
        var rewardUnit: Double?
        var memoryPosition: Int
    }

    /// Where it stands.
    public var progress: Progress {
        Progress(
            episode: episode,
            best: best,
            updates: networks.updates,
            baseline: networks.baseline,
            rewardUnit: rewardUnit,
            memoryPosition: memory.position
        )
    }

    /// Everything else that the next episode depends on: weights, moments, memory.
    public var values: [[Float]] { networks.values + [memory.values] }

    /// Goes on where another of the same problem, settings and seed stood.
    ///
    /// - Parameters:
    ///   - progress: Its ``progress``.
    ///   - tensors: Its ``values``, which are taken from the front.
    /// - Throws: ``CompressionError/checkpointMismatch(expected:found:)`` where they do not belong to it.
    public mutating func restore(
        _ progress: Progress,
        from tensors: inout ArraySlice<[Float]>
    ) throws(CompressionError) {
        guard progress.best.count == problem.targets.count else {
            throw .checkpointMismatch(
                expected: "\(problem.targets.count) targets",
                found: "\(progress.best.count)"
            )
        }
        try networks.restore(
            from: &tensors,
            updates: progress.updates,
            baseline: progress.baseline
        )
        guard
            let memory = ReplayMemory(
                capacity: Self.capacity(problem, settings),
                stateLength: PolicyProblem.stateLength,
                values: tensors.popFirst() ?? [],
                position: progress.memoryPosition
            )
        else { throw .checkpointMismatch(expected: "a replay memory", found: "other numbers") }
        self.memory = memory
        rewardUnit = progress.rewardUnit
        episode = progress.episode
        best = progress.best
    }
}
