import Engine
import Graph
import Tensors

/// An actor that says what share to remove, a critic that says what will come of it, and slow copies of both.
///
/// Source: Lillicrap et al. 2015, "Continuous control with deep reinforcement learning", arXiv:1509.02971, algorithm 1,
///   with AMC's baseline under the rewards and without discount.
public struct ActorCritic: Sendable {
    /// Shares from states: [N, state] to [N, 1].
    public var actor: Network
    /// The sum of rewards to come from a state and the share removed in it: [N, state + 1] to [N, 1].
    public var critic: Network
    private var slowActor: Network
    private var slowCritic: Network
    private var actorOptimizer = Optimizer(.adam())
    private var criticOptimizer = Optimizer(.adam())
    private let settings: PolicySettings
    /// What rewards are measured from: follows the mean of the minibatches.
    private(set) var baseline: Double?

    /// The updates made so far.
    public var updates: Int { actorOptimizer.steps }

    /// Makes networks with random weights.
    public init(stateLength: Int, settings: PolicySettings, seed: UInt64) throws(GraphError) {
        self.settings = settings
        let hidden = settings.hiddenUnits
        actor = try Network(
            perceptron: "actor",
            widths: [stateLength, hidden, hidden, 1],
            ending: .sigmoid,
            seed: seed
        )
        critic = try Network(
            perceptron: "critic",
            widths: [stateLength + 1, hidden, hidden, 1],
            ending: .linear,
            seed: seed
        )
        slowActor = actor
        slowCritic = critic
    }

    /// The share that the actor would remove in one state.
    public func action(in state: [Float]) -> Float {
        actor.predict([Tensor([1, state.count], values: state)])[0][0]
    }

    /// How far the critic is from what rewards and the slow copies say, mean squared.
    ///
    /// - Parameters:
    ///   - batch: The transitions.
    ///   - baseline: What is subtracted from every reward.
    /// - Returns: The mean over the batch, and its gradient by the critic's weights.
    public func criticLoss(
        _ batch: [PolicyTransition],
        baseline: Double
    ) -> (value: Double, gradients: Gradients) {
        let next = Self.rows(batch.map { $0.next ?? $0.state })
        let answers = slowActor.predict([next])[0]
        let later = slowCritic.predict([Self.joined(next, answers)])[0]
        var target = Tensor([batch.count, 1])
        for (row, transition) in batch.enumerated() {
            let reward = Float(Double(transition.reward) - baseline)
            target[row] = transition.next == nil ? reward : reward + later[row]
        }
        let actions = Tensor([batch.count, 1], values: batch.map(\.action))
        let states = Self.rows(batch.map(\.state))
        var pass = Self.pass(critic, Self.joined(states, actions))
        let output = critic.outputs[0]
        let loss = Loss.meanSquaredError(pass.values[output], target: target)
        return (loss.value, pass.backward([output: loss.gradient]))
    }

    /// How little the critic expects of the actor's own shares, minus the mean, and how far the actor's logits are from zero.
    ///
    /// - Parameter states: The states, one list each.
    /// - Returns: The mean over the states, and its gradient by the actor's weights.
    public func actorLoss(_ states: [[Float]]) -> (value: Double, gradients: Gradients) {
        let input = Self.rows(states)
        let length = input.shape.channels
        var acting = Self.pass(actor, input)
        let share = actor.outputs[0]
        var judging = Self.pass(critic, Self.joined(input, acting.values[share]))
        let output = critic.outputs[0]
        var value = judging.values[output].values.reduce(0.0) { $0 - Double($1) }
        let falling = Tensor([states.count, 1], repeating: -1 / Float(states.count))
        let judged = judging.backward([output: falling], includingInputs: true).inputs[0]
        let byShare = Tensor(
            [states.count, 1],
            values: states.indices.map { judged?[$0 * (length + 1) + length] ?? 0 }
        )
        let logit = actor.nodes[share].inputs[0]
        let weight = settings.restraint
        value += acting.values[logit].values.reduce(0.0) { $0 + weight * Double($1) * Double($1) }
        let byLogit = Tensor(
            [states.count, 1],
            values: acting.values[logit].values.map {
                Float(2 * weight / Double(states.count)) * $0
            }
        )
        let gradients = acting.backward([share: byShare, logit: byLogit])
        return (value / Double(states.count), gradients)
    }

    /// Learns from one minibatch: critic, then actor, then the slow copies.
    mutating func update(_ batch: [PolicyTransition]) {
        let mean = batch.reduce(0.0) { $0 + Double($1.reward) } / Double(max(batch.count, 1))
        let before = baseline ?? mean
        let baseline = before + settings.baselineShare * (mean - before)
        self.baseline = baseline
        let criticGradients = criticLoss(batch, baseline: baseline).gradients
        criticOptimizer.step(
            &critic,
            gradients: criticGradients,
            learningRate: settings.criticRate
        )
        let actorGradients = actorLoss(batch.map(\.state)).gradients
        actorOptimizer.step(&actor, gradients: actorGradients, learningRate: settings.actorRate)
        slowActor.follow(actor, by: Float(settings.followingShare))
        slowCritic.follow(critic, by: Float(settings.followingShare))
    }

    private static func rows(_ states: [[Float]]) -> Tensor {
        Tensor([states.count, states.first?.count ?? 0], values: states.flatMap { $0 })
    }

    /// States with a share behind each, [N, state + 1].
    private static func joined(_ states: Tensor, _ shares: Tensor) -> Tensor {
        let length = states.shape.channels
        var values: [Float] = []
        values.reserveCapacity(states.count + shares.count)
        for row in 0..<shares.count {
            values += states.values[row * length..<(row + 1) * length]
            values.append(shares[row])
        }
        return Tensor([shares.count, length + 1], values: values)
    }

    /// A recorded pass of a network without noise.
    private static func pass(_ network: Network, _ input: Tensor) -> TrainingPass {
        TrainingPass(network, inputs: [input], random: CounterRandom(seed: 0, stage: "none"))
    }
}

/// Saving and going on.
extension ActorCritic {
    /// The weights of all four networks and the moments of both optimisers.
    var values: [[Float]] {
        [actor, critic, slowActor, slowCritic].flatMap(\.trainedValues)
            + actorOptimizer.momentValues + criticOptimizer.momentValues
    }

    /// Takes what ``values`` gave after so many updates.
    mutating func restore(
        from tensors: inout ArraySlice<[Float]>,
        updates: Int,
        baseline: Double?
    ) throws(CompressionError) {
        try actor.restore(from: &tensors)
        try critic.restore(from: &tensors)
        try slowActor.restore(from: &tensors)
        try slowCritic.restore(from: &tensors)
        actorOptimizer = try Optimizer(adamAfter: updates, of: actor, from: &tensors)
        criticOptimizer = try Optimizer(adamAfter: updates, of: critic, from: &tensors)
        self.baseline = baseline
    }
}

extension Network {
    /// Matrix products with rectifiers between them; weights and biases uniform in +-1/sqrt(inputs).
    fileprivate init(
        perceptron name: String,
        widths: [Int],
        ending: Activation,
        seed: UInt64
    ) throws(GraphError) {
        var random = CounterRandom(seed: seed, stage: "policy \(name)")
        var layers = [Layer(name: "input", kind: .input(InputLayer(shape: [widths[0]])))]
        for (index, (inputs, outputs)) in zip(widths, widths.dropFirst()).enumerated() {
            let bound = 1 / Float(inputs).squareRoot()
            func uniform(_ shape: Shape) -> Tensor {
                let values = (0..<shape.count).map { _ in (2 * random.nextUniform() - 1) * bound }
                return Tensor(shape, values: values)
            }
            layers.append(
                Layer(
                    name: "dense\(index)",
                    kind: .dense(Dense(units: outputs)),
                    weights: [uniform([inputs, outputs]), uniform([outputs])]
                )
            )
            let isLast = index == widths.count - 2
            layers.append(
                Layer(name: "curve\(index)", kind: .activation(isLast ? ending : .relu()))
            )
        }
        let nodes = layers.indices.map { Node(layer: $0, inputs: $0 == 0 ? [] : [$0 - 1]) }
        try self.init(
            name: name,
            layers: layers,
            nodes: nodes,
            inputs: [0],
            outputs: [nodes.count - 1]
        )
    }

    /// Moves every weight a share of the way to another network's.
    fileprivate mutating func follow(_ other: Network, by share: Float) {
        for (layer, content) in other.layers.enumerated() {
            for (index, weight) in content.weights.enumerated() {
                updateWeight(layer: layer, index: index) { own in
                    own.withUnsafeMutablePointer { values in
                        for position in 0..<weight.count {
                            values[position] += share * (weight[position] - values[position])
                        }
                    }
                }
            }
        }
    }
}
