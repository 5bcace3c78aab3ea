import Graph
import Tensors

/// An output of a call of a layer, as inbound nodes name it.
struct TensorReference: Hashable, Sendable {
    var layer: String
    var call: Int
    var output: Int
    /// The lengths of the tensor as Keras 3 writes them beside the name, with the batch.
    var shape: JSONValue?

    static func == (left: Self, right: Self) -> Bool {
        left.layer == right.layer && left.call == right.call && left.output == right.output
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(layer)
        hasher.combine(call)
    }
}

/// A layer of the configuration with its calls; an input layer has one call without inputs.
struct ConfiguredLayer: Sendable {
    /// What a layer of the configuration is.
    enum Role: Sendable {
        /// A layer that is executed.
        case layer
        /// Where samples enter the whole model.
        case entry
        /// Where a nested model hands on what it is called on.
        case nestedEntry
        /// A nested model itself: its layers stand behind it in the list, nobody reads from it.
        case model
    }

    var configuration: LayerConfiguration
    var calls: [[TensorReference]]
    var role: Role

    var name: String { configuration.name }
}

/// Where a layer stands in the tree of nested models: files keep weights by it.
indirect enum ModelEntry: Sendable {
    /// A layer, by its position in the flat list.
    case layer(Int)
    /// A nested model, by its position in the flat list, with its entries.
    case model(Int, [ModelEntry])

    func shifted(by offset: Int) -> ModelEntry {
        switch self {
        case .layer(let position): .layer(position + offset)
        case .model(let position, let entries):
            .model(position + offset, entries.map { $0.shifted(by: offset) })
        }
    }
}

/// The model's configuration as a flat list of layers with their calls, whichever Keras wrote it.
///
/// The layers of a nested model are named `MODEL/LAYER` and called once for each call of the model.
struct ModelConfiguration: Sendable {
    let className: String
    let name: String
    let layers: [ConfiguredLayer]
    let entries: [ModelEntry]
    let inputs: [TensorReference]
    let outputs: [TensorReference]

    static let modelClasses: Set<String> = ["Sequential", "Model", "Functional"]

    init(_ root: JSONValue, majorVersion: Int) throws(KerasError) {
        try self.init(root, majorVersion: majorVersion, prefix: "", isNested: false)
        var names: Set<String> = []
        for layer in layers where !names.insert(layer.name).inserted {
            throw .duplicateLayer(layer.name)
        }
    }

    init(
        _ root: JSONValue,
        majorVersion: Int,
        prefix: String,
        isNested: Bool
    ) throws(KerasError) {
        guard let className = root["class_name"]?.string, let config = root["config"] else {
            throw .notAModel(found: "a configuration without class_name and config")
        }
        self.className = className
        let name = config["name"]?.string ?? "model"
        self.name = name
        var inlining = ModelInlining(prefix: prefix, isNested: isNested)
        switch className {
        case "Sequential":
            let items = try Self.chain(
                config,
                model: name,
                majorVersion: majorVersion,
                prefix: prefix
            )
            try inlining.add(items, ends: items.suffix(1).map { $0.ownOutput })
            inputs = inlining.layers.prefix(1).map {
                TensorReference(layer: $0.name, call: 0, output: 0)
            }
            outputs = try items.suffix(1).map { item throws(KerasError) in
                try inlining.resolved(item.ownOutput, from: name)
            }
        case "Model", "Functional":
            let items = try Self.functional(
                config,
                model: name,
                majorVersion: majorVersion,
                prefix: prefix
            )
            let ends = try Self.endpoints(config, key: "output_layers", model: name)
            try inlining.add(items, ends: ends)
            let starts = try Self.endpoints(config, key: "input_layers", model: name)
            inputs = try starts.map { start throws(KerasError) in
                try inlining.resolved(start, from: name)
            }
            outputs = try ends.map { end throws(KerasError) in
                try inlining.resolved(end, from: name)
            }
        default:
            throw .unsupportedLayer(
                layer: name,
                className: className,
                hint: "Only Sequential and Functional models are read; a subclassed model's file "
                    + "does not say how its layers are joined."
            )
        }
        layers = inlining.layers
        entries = inlining.entries
        guard !layers.isEmpty, !outputs.isEmpty else {
            throw .configuration(
                layer: name,
                key: "layers",
                expected: "at least one layer",
                found: "none"
            )
        }
    }

    private static func functional(
        _ config: JSONValue,
        model: String,
        majorVersion: Int,
        prefix: String
    ) throws(KerasError) -> [ModelItem] {
        var items: [ModelItem] = []
        for entry in try entries(config, model: model) {
            var configuration = try layer(entry, model: model, majorVersion: majorVersion)
            let nodes = try InboundNodes(entry, of: configuration)
            configuration.constant = nodes.constant
            var calls = nodes.calls
            if configuration.className == "InputLayer" { calls = [[]] }
            guard !calls.isEmpty else {
                throw configuration.fault(
                    "inbound_nodes",
                    expected: "at least one call",
                    found: "none"
                )
            }
            items.append(try ModelItem(configuration, calls, entry: entry, prefix: prefix))
        }
        return items
    }

    /// The layers of a Sequential, each called once on the one before, behind an input layer made up where none is.
    private static func chain(
        _ config: JSONValue,
        model: String,
        majorVersion: Int,
        prefix: String
    ) throws(KerasError) -> [ModelItem] {
        var items: [ModelItem] = []
        for entry in try entries(config, model: model) {
            let configuration = try layer(entry, model: model, majorVersion: majorVersion)
            let isInput = configuration.className == "InputLayer"
            let item = try ModelItem(configuration, [[]], entry: entry, prefix: prefix)
            if items.isEmpty, !isInput {
                let made = madeUpInput(
                    for: item,
                    buildShape: config["build_input_shape"],
                    majorVersion: majorVersion
                )
                items.append(ModelItem(configuration: made, calls: [[]]))
            }
            if isInput, !items.isEmpty {
                throw configuration.unsupported(
                    "position",
                    found: "an InputLayer behind other layers",
                    hint: "Put it first."
                )
            }
            var own = item
            own.calls = [items.suffix(1).map { $0.ownOutput }]
            items.append(own)
        }
        return items
    }

    private static func madeUpInput(
        for item: ModelItem,
        buildShape: JSONValue?,
        majorVersion: Int
    ) -> LayerConfiguration {
        let first = item.model?.layers.first?.configuration ?? item.configuration
        let own = first.value("batch_input_shape") ?? first.value("batch_shape")
        let none = JSONValue(content: .null, range: 0..<0)
        let shape = own ?? buildShape?.unwrapped ?? none
        let config = JSONValue(
            content: .object([JSONMember(key: "batch_shape", value: shape)]),
            range: 0..<0
        )
        return LayerConfiguration(
            name: item.configuration.name + "_input",
            className: "InputLayer",
            config: config,
            buildConfig: nil,
            majorVersion: majorVersion
        )
    }

    /// The layers as a list: under `layers`, or the configuration itself in Keras 2.0 to 2.2's Sequential.
    private static func entries(
        _ config: JSONValue,
        model: String
    ) throws(KerasError) -> [JSONValue] {
        guard let list = config.array ?? config["layers"]?.array else {
            throw .configuration(
                layer: model,
                key: "layers",
                expected: "a list of layers",
                found: config["layers"]?.summary ?? "nothing"
            )
        }
        return list
    }

    private static func layer(
        _ entry: JSONValue,
        model: String,
        majorVersion: Int
    ) throws(KerasError) -> LayerConfiguration {
        guard let className = entry["class_name"]?.string, let config = entry["config"] else {
            throw .configuration(
                layer: model,
                key: "layers",
                expected: "a layer with class_name and config",
                found: entry.summary
            )
        }
        let name = entry["name"]?.string ?? config["name"]?.string
        guard let name, !name.isEmpty else {
            throw .configuration(
                layer: model,
                key: "layers",
                expected: "a layer with a name",
                found: "a \(className) without one"
            )
        }
        return LayerConfiguration(
            name: name,
            className: className,
            config: config,
            buildConfig: entry["build_config"],
            majorVersion: majorVersion
        )
    }

    /// The ends of a functional model: one reference, a list of them, or a dictionary of them.
    private static func endpoints(
        _ config: JSONValue,
        key: String,
        model: String
    ) throws(KerasError) -> [TensorReference] {
        guard let value = config[key] else {
            throw .configuration(
                layer: model,
                key: key,
                expected: "references to layers",
                found: "nothing"
            )
        }
        if let single = InboundNodes.reference(value) { return [single] }
        var found: [TensorReference] = []
        for element in value.elements ?? value.members?.map(\.value) ?? [] {
            guard let reference = InboundNodes.reference(element) else {
                throw .configuration(
                    layer: model,
                    key: key,
                    expected: "references to layers",
                    found: element.summary
                )
            }
            found.append(reference)
        }
        return found
    }
}
