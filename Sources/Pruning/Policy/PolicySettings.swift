import Tensors

/// How the conditional policy learns (METHODS section 5).
///
/// Source: the authors' code of Liu et al. 2020, "Conditional Automated Channel Pruning for Deep Neural Networks": the
///   agent of both versions, the episodes of the second (30 and 160).
public struct PolicySettings: Sendable, Hashable, Codable {
    /// The widths of the two hidden layers of actor and critic.
    public var hiddenUnits = 300
    /// Episodes of random actions, after which learning begins; the memory holds as many.
    public var warmupEpisodes = 30
    /// Episodes that the policy learns from.
    public var trainingEpisodes = 160
    /// Transitions per update.
    public var minibatch = 64
    /// The fewest updates after an episode; at least one follows each of its steps.
    ///
    /// The authors make one per step of networks of dozens of layers; a small network needs as many in all.
    public var updatesPerEpisode = 60
    /// Adam's rate for the actor.
    public var actorRate = 1e-4
    /// Adam's rate for the critic.
    public var criticRate = 1e-3
    /// How far the slow copies follow with every update.
    public var followingShare = 0.01
    /// The deviation of the first actions after warm-up from the actor's.
    public var noise = 0.5
    /// What the deviation is multiplied by after every episode.
    public var noiseDecay = 0.95
    /// How far the baseline that rewards are measured from follows each minibatch's mean.
    public var baselineShare = 0.5
    /// How strongly the actor's logits are held near zero: the weight of their mean square in its loss.
    ///
    /// Ours: Adam follows the faintest gradient at full rate, so without it the sigmoid ends at 0 for all states, where
    /// every group keeps all it may until the last ones must give everything, before the critic knows better.
    public var restraint = 0.01
    /// The least share of a group that an action removes, before widths are rounded up.
    public var leastRemoved = 0.05

    /// Makes the default settings.
    public init() {}

    /// All episodes of a search.
    public var episodes: Int { warmupEpisodes + trainingEpisodes }

    /// The updates that follow each step of an episode of so many.
    func updates(steps: Int) -> Int {
        max((updatesPerEpisode + steps - 1) / max(steps, 1), 1)
    }

    /// The deviation of the actions of one episode.
    func deviation(in episode: Int) -> Double {
        noise * Double.power(noiseDecay, Double(episode - warmupEpisodes))
    }
}
