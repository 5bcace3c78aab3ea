import Graph
import HDF5
import Tensors

/// A model in Keras' legacy HDF5 format: the network it describes, and the file to write a changed network back into.
public struct KerasModel: Sendable {
    /// The network, in which each fused activation is a layer `NAME/ACTIVATION` of its own.
    public let network: Network
    /// The Keras that wrote the file, such as `2.13.1`; nil where it does not say.
    public let kerasVersion: String?
    /// `Sequential`, `Functional` or `Model`.
    public let className: String
    /// The layers as Keras knows them, in the file's order.
    public let layers: [KerasLayer]

    let document: JSONDocument
    let original: [UInt8]

    static let configurationName = "model_config"

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
        let file = try KerasError.hdf5 { () throws(HDF5Error) in try HDF5File(image: image) }
        let (text, version, weightFile) = try KerasError.hdf5 { () throws(HDF5Error) in
            (
                try file.root.attributes.contains(configurationName)
                    ? try file.root.attributes.string(configurationName) : nil,
                try storedVersion(file.root), try WeightFile(root: file.root)
            )
        }
        guard let text else {
            throw .notAModel(
                found: "no \(configurationName) attribute; save the whole model, not its weights"
            )
        }
        let document: JSONDocument
        do {
            document = try JSONDocument(text)
        } catch {
            throw .json(error)
        }
        let majorVersion = version?.split(separator: ".").first.flatMap { Int($0) } ?? 2
        let configuration = try ModelConfiguration(document.root, majorVersion: majorVersion)
        var assembly = try NetworkAssembly(
            configuration,
            weightStore: WeightStore(format: .legacy(weightFile)),
            fileBytes: image.count,
            inputShape: inputShape
        )
        let (network, layers) = try assembly.assemble()
        return KerasModel(
            network: network,
            kerasVersion: version,
            className: configuration.className,
            layers: layers,
            document: document,
            original: image
        )
    }

    /// The Keras layer a network layer came from.
    public func source(ofNetworkLayer index: Int) -> KerasLayer? {
        layers.first { $0.networkLayers.contains(index) }
    }

    /// The version stands at the root and, in some files, at the weights.
    private static func storedVersion(_ root: HDF5Group) throws(HDF5Error) -> String? {
        let key = "keras_version"
        if try root.attributes.contains(key) { return try root.attributes.string(key) }
        guard try root.kind(of: WeightFile.usualName) == .group else { return nil }
        let weights = try root.group(WeightFile.usualName).attributes
        return try weights.contains(key) ? try weights.string(key) : nil
    }
}
