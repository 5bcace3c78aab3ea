import Graph
import Tensors

/// The output of a call as the network holds it.
struct AssembledValue: Sendable {
    /// The node whose output it is.
    var node: Int
    /// The number of axes of one sample.
    var rank: Int
    /// Whether Keras has the channels first where the network holds them last.
    var isChannelsFirst: Bool

    /// The shape of one sample as Keras sees it.
    func kerasShape(in network: Network) -> [Int] {
        let shape = network.shapes[node].dimensions
        guard isChannelsFirst, let channels = shape.last else { return shape }
        return [channels] + shape.dropLast()
    }
}

extension LayerConfiguration {
    /// Whether the layer reads images whose channels come first: the network then holds them last while it is between
    /// such layers.
    func readsChannelsFirst(_ inputs: [AssembledValue]) throws(KerasError) -> Bool {
        let rank = inputs.map(\.rank).max() ?? 0
        guard rank >= 2, className != "InputLayer" else { return false }
        if try namesChannelsFirst() { return true }
        switch className {
        case "BatchNormalization", "GroupNormalization", "LayerNormalization":
            return axis("axis").map { $0 == 1 || $0 == -rank } ?? false
        default:
            guard inputs.contains(where: \.isChannelsFirst),
                inputs.allSatisfy({ $0.rank == rank })
            else { return false }
            return try isIndifferentToLayout()
        }
    }

    /// Whether the layer treats all axes alike, or names the one it means.
    private func isIndifferentToLayout() throws(KerasError) -> Bool {
        switch className {
        case "Activation":
            guard case .activation(let function)? = try activation()?.kind else { return true }
            return function != .softmax
        case "Dropout": return value("noise_shape") == nil
        case "Rescaling": return value("scale")?.number != nil && value("offset")?.array == nil
        case "ReLU", "LeakyReLU", "ThresholdedReLU", "ELU", "ActivityRegularization",
            "GaussianNoise", "GaussianDropout", "AlphaDropout", "Average", "Maximum", "Minimum",
            "Concatenate":
            return true
        default: return loweredArithmetic() != nil
        }
    }
}
