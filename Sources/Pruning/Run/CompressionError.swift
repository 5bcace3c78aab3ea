import Graph

/// Why a compression cannot go on.
public enum CompressionError: Error, Hashable, Sendable {
    /// No choice of channels costs as little as asked; carries the least there is.
    case budgetUnreachable(unit: Budget.Unit, asked: Int, reachable: Int, teacher: Int)
    /// What the budget counts cannot be measured here.
    case budgetUnmeasurable(unit: Budget.Unit, reason: String)
    /// The network has no group of channels that can be removed.
    case nothingToPrune(frozen: [String: String])
    /// The samples do not fit the network's input.
    case sampleShape(expected: String, found: String)
    /// The labels do not fit the network's output.
    case labelRange(classes: Int, largest: Int)
    /// The teacher answers with a number that is not finite.
    case teacherNotFinite(layer: String)
    /// Training left a number that is not finite, at the given learning rate.
    case trainingDiverged(epoch: Int, learningRate: Double)
    /// A checkpoint does not belong to this job or this version.
    case checkpointMismatch(expected: String, found: String)
    /// A coupling rule cut the network into pieces that do not fit: an error of this program.
    case surgery(GraphError)
    /// The network has several inputs or outputs, which cannot be trained yet.
    case severalInputsOrOutputs(inputs: Int, outputs: Int)
}
