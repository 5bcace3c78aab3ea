import HDF5
import Tensors

/// The weights of a Keras file: for each layer the paths of its datasets, in Keras' order.
struct WeightFile {
    /// The group that holds one group per layer.
    let group: HDF5Group
    /// Its name in the root; nil where the layers lie in the root itself.
    let name: String?

    static let usualName = "model_weights"
    /// No weight's path has more parts than this.
    private static let pathLimit = 64

    /// Finds the weights under `model_weights`, or in the root as `save_weights` puts them.
    init(root: HDF5Group) throws(HDF5Error) {
        if try root.kind(of: Self.usualName) == .group {
            group = try root.group(Self.usualName)
            name = Self.usualName
        } else {
            group = root
            name = nil
        }
    }

    /// The paths of a layer's weights below ``group``, without empty parts; none where it has no group.
    func paths(ofLayer layer: String) throws(KerasError) -> [String] {
        try KerasError.hdf5 { () throws(HDF5Error) in
            guard Self.parts(layer).isEmpty == false, try group.kind(of: layer) == .group else {
                return []
            }
            let names = try Self.names("weight_names", of: group.group(layer))
            var paths: [String] = []
            for name in names {
                let parts = Self.parts(layer) + Self.parts(name)
                let path = parts.joined(separator: "/")
                guard parts.count <= Self.pathLimit, !paths.contains(path) else {
                    throw .unexpected(
                        path: path,
                        expected: "weight paths that differ, of at most "
                            + "\(Self.pathLimit) parts",
                        found: name
                    )
                }
                paths.append(path)
            }
            return paths
        }
    }

    /// A list of names that may be split over `key0`, `key1` and so on.
    private static func names(
        _ key: String,
        of group: HDF5Group
    ) throws(HDF5Error) -> [String] {
        if try group.attributes.contains(key) { return try group.attributes.strings(key) }
        var names: [String] = []
        var part = 0
        while try group.attributes.contains("\(key)\(part)") {
            names += try group.attributes.strings("\(key)\(part)")
            part += 1
        }
        return names
    }

    private static func parts(_ path: String) -> [String] {
        path.split(separator: "/").map(String.init)
    }
}
