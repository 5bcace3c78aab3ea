import Durability
import Graph
import HDF5
import JobFiles
import KerasFormat
import Tensors

/// A model's layers, costs and coupled groups, for people and programs.
public struct ModelDescription: Codable, Sendable {
    /// One layer of the network.
    public struct Layer: Codable, Sendable {
        /// The layer's name.
        public var name: String
        /// The class Keras calls it, or nil where it is not in the file.
        public var className: String?
        /// The output of its first call for one sample.
        public var shape: [Int]
        /// All its weights, counted.
        public var parameters: Int
        /// The groups its own channels belong to.
        public var groups: [String]
        /// The groups whose channels it passes on without making any.
        public var carries: [String]
        /// Why none of its channels can go, or nil.
        public var frozenBecause: String?
    }

    /// Channels that go together.
    public struct Group: Codable, Sendable {
        /// The group's name.
        public var name: String
        /// The units.
        public var width: Int
        /// The layers that make them.
        public var producers: [String]
        /// The layers that pass them on, from the first to the last.
        public var carriers: [String]
        /// The layers that read them.
        public var consumers: [String]
    }

    /// The Keras that wrote the file, if it says.
    public var kerasVersion: String?
    /// What one sample costs.
    public var cost: Cost
    /// The layers.
    public var layers: [Layer]
    /// The coupled groups.
    public var groups: [Group]
    /// What a job will take, where that was asked.
    public var estimate: JobEstimate?

    /// Describes a model.
    public init(_ model: KerasModel) {
        let network = model.network
        let analysis = CouplingAnalysis(network)
        let calls = network.calls
        kerasVersion = model.kerasVersion
        cost = network.cost
        let carried = Self.carriedGroups(network, analysis)
        groups = analysis.groups.enumerated().map { index, group in
            Group(
                name: group.name,
                width: group.width,
                producers: group.producers.map { network.layers[$0].name },
                carriers: network.layers.indices.filter { carried[$0].contains(index) }
                    .map { network.layers[$0].name },
                consumers: group.consumers.map { network.layers[$0].name }
            )
        }
        layers = network.layers.enumerated().map { index, layer in
            Layer(
                name: layer.name,
                className: model.source(ofNetworkLayer: index)?.className,
                shape: calls[index].first.map { network.shapes[$0].dimensions } ?? [],
                parameters: layer.weights.reduce(0) { $0 + $1.count },
                groups: analysis.groups.filter { $0.producers.contains(index) }.map(\.name),
                carries: carried[index].sorted().map { analysis.groups[$0].name },
                frozenBecause: analysis.frozen.first { $0.layer == index }?.reason.explanation
            )
        }
    }

    /// For each layer, the groups whose channels come out of it without being made by it.
    private static func carriedGroups(
        _ network: Network,
        _ analysis: CouplingAnalysis
    ) -> [Set<Int>] {
        var carried = [Set<Int>](repeating: [], count: network.layers.count)
        for (node, owners) in analysis.owners.enumerated() {
            carried[network.nodes[node].layer].formUnion(owners.compactMap { $0?.group })
        }
        for (index, group) in analysis.groups.enumerated() {
            for layer in group.producers { carried[layer].remove(index) }
        }
        return carried
    }

    /// Reads a file and describes its model.
    public init(path: String) throws(JobFailure) {
        self.init(try Self.model(path: path))
    }

    /// The description as JSON.
    public var json: String { JSONText.text(of: self) }

    /// One line for each layer and group, with shapes and costs.
    public var inspectLines: [String] {
        layers.map { layer in
            let shape = layer.shape.map(String.init).joined(separator: " x ")
            return
                "\(layer.name) (\(layer.className ?? "-")): \(shape), \(layer.parameters) weights"
        }
            + groups.map { group in
                "group \(group.name): \(group.width) units, made by "
                    + group.producers.joined(separator: ", ") + ", read by "
                    + group.consumers.joined(separator: ", ")
            } + ["total: \(cost.macs) macs, \(cost.parameters) parameters"]
    }

    static func model(path: String) throws(JobFailure) -> KerasModel {
        let image: [UInt8]
        do {
            image = try RealFileSystem().read(path, limit: 8 << 30)
        } catch {
            throw JobFailure(error)
        }
        do {
            return try KerasModel.read(image: image)
        } catch {
            throw JobFailure(error, file: PathParts(path).name)
        }
    }
}
