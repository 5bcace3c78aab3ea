import Tensors

/// One step of an episode, as it is learned from.
public struct PolicyTransition: Sendable, Hashable {
    /// What was seen.
    public var state: [Float]
    /// The share that was removed.
    public var action: Float
    /// The reward of the whole episode.
    public var reward: Float
    /// What was seen next; nothing after the last step.
    public var next: [Float]?

    /// Makes a transition.
    public init(state: [Float], action: Float, reward: Float, next: [Float]?) {
        self.state = state
        self.action = action
        self.reward = reward
        self.next = next
    }

    /// The same with its reward in another unit.
    func scaled(by factor: Double) -> PolicyTransition {
        var scaled = self
        scaled.reward = Float(Double(reward) * factor)
        return scaled
    }
}

/// The last transitions, of which minibatches are drawn.
struct ReplayMemory: Sendable {
    private let capacity: Int
    private let stateLength: Int
    private(set) var transitions: [PolicyTransition] = []
    /// Where the next transition goes once the memory is full.
    private(set) var position = 0

    init(capacity: Int, stateLength: Int) {
        self.capacity = max(capacity, 1)
        self.stateLength = stateLength
    }

    /// Adds a transition; the oldest goes when the memory is full.
    mutating func add(_ transition: PolicyTransition) {
        if transitions.count < capacity {
            transitions.append(transition)
        } else {
            transitions[position] = transition
            position = (position + 1) % capacity
        }
    }

    /// Different transitions, at most `count`.
    func minibatch(_ count: Int, using random: inout CounterRandom) -> [PolicyTransition] {
        var order = Array(transitions.indices)
        let drawn = min(count, order.count)
        for index in 0..<drawn {
            order.swapAt(index, Int.random(in: index..<order.count, using: &random))
        }
        return order.prefix(drawn).map { transitions[$0] }
    }

    /// How far rewards are from their mean; one where they are all equal.
    var rewardDeviation: Double {
        let rewards = transitions.map { Double($0.reward) }
        let count = Double(max(rewards.count, 1))
        let mean = rewards.reduce(0, +) / count
        let squares = rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return squares > 0 ? (squares / count).squareRoot() : 1
    }

    /// All transitions as rows of numbers: state, action, reward, whether another follows, and the next state.
    var values: [Float] {
        transitions.flatMap { transition in
            transition.state + [transition.action, transition.reward]
                + [transition.next == nil ? 0 : 1]
                + (transition.next ?? [Float](repeating: 0, count: stateLength))
        }
    }

    /// A memory of the rows that ``values`` gave; nil where they do not fit.
    init?(capacity: Int, stateLength: Int, values: [Float], position: Int) {
        self.init(capacity: capacity, stateLength: stateLength)
        let length = 2 * stateLength + 3
        guard values.count % length == 0, values.count / length <= self.capacity,
            position == 0 || (0..<values.count / length).contains(position)
        else { return nil }
        for start in stride(from: 0, to: values.count, by: length) {
            let row = Array(values[start..<start + length])
            transitions.append(
                PolicyTransition(
                    state: Array(row[..<stateLength]),
                    action: row[stateLength],
                    reward: row[stateLength + 1],
                    next: row[stateLength + 2] == 0 ? nil : Array(row[(stateLength + 3)...])
                )
            )
        }
        self.position = position
    }
}
