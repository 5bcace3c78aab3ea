import HDF5
import KerasFormat
import Tensors

/// A file put together by hand, for what no installed Keras writes any more or ever.
struct SyntheticModel {
    /// The text of `model_config`.
    var configuration: String
    /// For each layer its weights' names and shapes; elements count up from zero.
    var weights: [(layer: String, weights: [(name: String, shape: [Int])])] = []
    var version: String? = "2.0.5"
    /// Nil for weights in the root itself.
    var weightGroup: String? = "model_weights"
    var layout = HDF5StringLayout.variable
    /// Splits `weight_names` into this many names each.
    var namesPerAttribute: Int?

    func image() throws -> [UInt8] {
        let file = try HDF5File.create()
        try file.root.attributes.set("model_config", string: configuration, layout: layout)
        if let version {
            try file.root.attributes.set("keras_version", string: version, layout: layout)
        }
        let group = try weightGroup.map { name in try file.root.makeGroup(name) } ?? file.root
        for (layer, weights) in weights {
            let place = try group.makeGroup(layer)
            try writeNames(weights.map(\.name), to: place.attributes)
            for weight in weights {
                let parts = weight.name.split(separator: "/")
                let parent = try place.makeGroup(parts.dropLast().joined(separator: "/"))
                let count = weight.shape.reduce(1, *)
                try parent.makeDataset(
                    String(parts.last ?? "w"),
                    shape: weight.shape,
                    floats: (0..<count).map { Float($0) }
                )
            }
        }
        return try file.image()
    }

    func read(inputShape: Shape? = nil) throws -> KerasModel {
        try KerasModel.read(image: try image(), inputShape: inputShape)
    }

    private func writeNames(_ names: [String], to attributes: HDF5Attributes) throws {
        guard !names.isEmpty else { return try attributes.set("weight_names", floats: []) }
        guard let namesPerAttribute else {
            return try attributes.set("weight_names", strings: names, layout: layout)
        }
        for (part, start) in stride(from: 0, to: names.count, by: namesPerAttribute).enumerated() {
            let end = min(start + namesPerAttribute, names.count)
            try attributes.set(
                "weight_names\(part)",
                strings: Array(names[start..<end]),
                layout: layout
            )
        }
    }

    /// A Sequential of the given layers' texts behind an input of the given shape.
    static func sequential(
        input: String = "[null, 8, 8, 4]",
        _ layers: String...,
        version: String? = "2.9.0"
    ) -> SyntheticModel {
        let first =
            #"{"class_name": "InputLayer", "config": {"batch_input_shape": \#(input), "name": "in"}}"#
        let all = ([first] + layers).joined(separator: ", ")
        return SyntheticModel(
            configuration:
                #"{"class_name": "Sequential", "config": {"name": "s", "layers": [\#(all)]}}"#,
            version: version
        )
    }
}
