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
    var configuration: LayerConfiguration
    var calls: [[TensorReference]]

    var name: String { configuration.name }
    var isInput: Bool { configuration.className == "InputLayer" }
}

/// The model's configuration as a list of layers with their calls, whichever Keras wrote it.
struct ModelConfiguration: Sendable {
    let className: String
    let name: String
    let layers: [ConfiguredLayer]
    let inputs: [TensorReference]
    let outputs: [TensorReference]

    init(_ root: JSONValue, majorVersion: Int) throws(KerasError) {
        guard let className = root["class_name"]?.string, let config = root["config"] else {
            throw .notAModel(found: "a configuration without class_name and config")
        }
        self.className = className
        name = config["name"]?.string ?? "model"
        switch className {
        case "Sequential":
            layers = try Self.chain(config, model: name, majorVersion: majorVersion)
            inputs = layers.prefix(1).map { TensorReference(layer: $0.name, call: 0, output: 0) }
            outputs = layers.suffix(1).map { TensorReference(layer: $0.name, call: 0, output: 0) }
        case "Model", "Functional":
            layers = try Self.functional(config, model: name, majorVersion: majorVersion)
            inputs = try Self.endpoints(config, key: "input_layers", model: name)
            outputs = try Self.endpoints(config, key: "output_layers", model: name)
        default:
            throw .unsupportedLayer(
                layer: name,
                className: className,
                hint: "Only Sequential and Functional models are read; a subclassed model's file "
                    + "does not say how its layers are joined."
            )
        }
        guard !layers.isEmpty, !outputs.isEmpty else {
            throw .configuration(
                layer: name,
                key: "layers",
                expected: "at least one layer",
                found: "none"
            )
        }
        var names: Set<String> = []
        for layer in layers where !names.insert(layer.name).inserted {
            throw .duplicateLayer(layer.name)
        }
    }

    private static func functional(
        _ config: JSONValue,
        model: String,
        majorVersion: Int
    ) throws(KerasError) -> [ConfiguredLayer] {
        var layers: [ConfiguredLayer] = []
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
            layers.append(ConfiguredLayer(configuration: configuration, calls: calls))
        }
        return layers
    }

    /// The layers of a Sequential, each called once on the one before, behind an input layer made up where none is.
    private static func chain(
        _ config: JSONValue,
        model: String,
        majorVersion: Int
    ) throws(KerasError) -> [ConfiguredLayer] {
        var layers: [ConfiguredLayer] = []
        for entry in try entries(config, model: model) {
            let configuration = try layer(entry, model: model, majorVersion: majorVersion)
            let isInput = configuration.className == "InputLayer"
            if layers.isEmpty, !isInput {
                layers.append(
                    madeUpInput(
                        for: configuration,
                        buildShape: config["build_input_shape"],
                        majorVersion: majorVersion
                    )
                )
            }
            if isInput, !layers.isEmpty {
                throw configuration.unsupported(
                    "position",
                    found: "an InputLayer behind other layers",
                    hint: "Put it first."
                )
            }
            let inputs = layers.suffix(1).map {
                TensorReference(layer: $0.name, call: 0, output: 0)
            }
            layers.append(ConfiguredLayer(configuration: configuration, calls: [inputs]))
        }
        return layers
    }

    private static func madeUpInput(
        for first: LayerConfiguration,
        buildShape: JSONValue?,
        majorVersion: Int
    ) -> ConfiguredLayer {
        let own = first.value("batch_input_shape") ?? first.value("batch_shape")
        let none = JSONValue(content: .null, range: 0..<0)
        let shape = own ?? buildShape?.unwrapped ?? none
        let config = JSONValue(
            content: .object([JSONMember(key: "batch_shape", value: shape)]),
            range: 0..<0
        )
        return ConfiguredLayer(
            configuration: LayerConfiguration(
                name: first.name + "_input",
                className: "InputLayer",
                config: config,
                buildConfig: nil,
                majorVersion: majorVersion
            ),
            calls: [[]]
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
