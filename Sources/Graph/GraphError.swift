import Tensors

/// Why layers cannot be joined into a network.
public enum GraphError: Error, Hashable, Sendable {
    /// A layer was given an input it cannot take.
    case inputMismatch(layer: String, expected: String, found: String)
    /// A weight does not have the shape its layer needs.
    case weightMismatch(layer: String, weight: String, expected: Shape, found: Shape)
    /// A layer was given the wrong number of weights.
    case weightCount(layer: String, expected: Int, found: Int)
    /// A layer's output would not fit in memory or has no elements.
    case outputSize(layer: String, shape: Shape)
    /// A setting of a layer is outside what it may be.
    case invalidSetting(layer: String, setting: String, expected: String, found: String)
}

/// What a layer rule found wrong with its inputs or settings; the network adds the layer's name.
public enum RuleFault: Error, Hashable, Sendable {
    /// The inputs do not fit.
    case input(expected: String, found: String)
    /// A setting does not fit.
    case setting(name: String, expected: String, found: String)

    func named(_ layer: String) -> GraphError {
        switch self {
        case .input(let expected, let found):
            .inputMismatch(layer: layer, expected: expected, found: found)
        case .setting(let name, let expected, let found):
            .invalidSetting(layer: layer, setting: name, expected: expected, found: found)
        }
    }
}
