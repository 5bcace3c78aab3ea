/// A layer of a Keras model and what became of it in the network.
public struct KerasLayer: Sendable {
    /// The layer's name.
    public let name: String
    /// The class Keras calls it, such as `SeparableConv2D`.
    public let className: String
    /// The positions of its layers in the network, in the order they run.
    public let networkLayers: [Int]
    /// False for the input layer made up for a Sequential model that has none.
    public let isInFile: Bool
    /// The paths of its weights below the group that holds all layers' weights, in Keras' order.
    public let weightPaths: [String]

    /// Where a stored weight went in the network; nil where it stays in the file alone or there is none.
    public func place(ofWeight index: Int) -> (layer: Int, weight: Int)? {
        guard destinations.indices.contains(index) else { return nil }
        return destinations[index].map { ($0.layer, $0.weight) }
    }

    /// The layer's configuration in the document.
    let configuration: LayerConfiguration
    /// What each call reads.
    let calls: [Call]
    /// For each stored weight where it went, nil where it stays in the file alone.
    let destinations: [Destination?]

    struct Call: Sendable {
        /// The outputs of the network that the call reads.
        var inputs: [AssembledValue]
        /// The same as the document names them.
        var references: [TensorReference]
    }

    struct Destination: Sendable {
        var layer: Int
        var weight: Int
        /// Whether the file stores it without the axis of height, the first, that the network gives it.
        var hasNoHeight = false
    }
}
