import Graph
import HDF5
import Tensors

/// A model in one of Keras' whole-model formats: the network it describes, and the file to write a changed network back
/// into.
public struct KerasModel: Sendable {
    /// How a file holds a model.
    public enum FileFormat: String, Sendable {
        /// One HDF5 file, `.h5`.
        case legacyHDF5 = "h5"
        /// A zip archive, `.keras`.
        case archive = "keras"
    }

    /// The network, in which each fused activation is a layer `NAME/ACTIVATION` of its own.
    public let network: Network
    /// The Keras that wrote the file, such as `2.13.1`; nil where it does not say.
    public let kerasVersion: String?
    /// `Sequential`, `Functional` or `Model`.
    public let className: String
    /// The layers as Keras knows them, in the file's order, a nested model before its layers.
    public let layers: [KerasLayer]
    /// How the file holds the model; a network is written back in the same format.
    public let format: FileFormat

    let document: JSONDocument
    let original: [UInt8]

    /// Reads a model from the bytes of its file.
    ///
    /// - Parameters:
    ///   - image: The whole file.
    ///   - inputShape: The shape of one sample, for a model whose file leaves height, width or channels open.
    /// - Returns: The model with all its weights.
    /// - Throws: ``KerasError`` naming the layer and what to do.
    public static func read(
        image: [UInt8],
        inputShape: Shape? = nil
    ) throws(KerasError) -> KerasModel {
        let file = try KerasFile(image)
        let document: JSONDocument
        do {
            document = try JSONDocument(file.configuration)
        } catch {
            throw .json(error)
        }
        let majorVersion = file.version?.split(separator: ".").first.flatMap { Int($0) } ?? 2
        let configuration = try ModelConfiguration(document.root, majorVersion: majorVersion)
        var assembly = try NetworkAssembly(
            configuration,
            weightStore: file.weights,
            fileBytes: image.count,
            inputShape: inputShape
        )
        let (network, layers) = try assembly.assemble()
        return KerasModel(
            network: network,
            kerasVersion: file.version,
            className: configuration.className,
            layers: layers,
            format: file.format,
            document: document,
            original: image
        )
    }

    /// The Keras layer a network layer came from.
    public func source(ofNetworkLayer index: Int) -> KerasLayer? {
        layers.first { $0.networkLayers.contains(index) }
    }
}
