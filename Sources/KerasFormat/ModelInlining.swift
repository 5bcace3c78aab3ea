/// One entry of a model's list of layers, as the file has it.
struct ModelItem {
    var configuration: LayerConfiguration
    /// The inputs of each call, by the names of this model's own layers.
    var calls: [[TensorReference]]
    /// The layers of a nested model.
    var model: ModelConfiguration?

    init(configuration: LayerConfiguration, calls: [[TensorReference]]) {
        self.configuration = configuration
        self.calls = calls
    }

    init(
        _ configuration: LayerConfiguration,
        _ calls: [[TensorReference]],
        entry: JSONValue,
        prefix: String
    ) throws(KerasError) {
        self.configuration = configuration
        self.calls = calls
        guard ModelConfiguration.modelClasses.contains(configuration.className) else { return }
        model = try ModelConfiguration(
            entry,
            majorVersion: configuration.majorVersion,
            prefix: prefix + configuration.name + "/",
            isNested: true
        )
    }

    /// What a layer behind this one reads in a Sequential.
    var ownOutput: TensorReference {
        TensorReference(layer: configuration.name, call: 0, output: 0)
    }
}

/// Puts the layers of nested models into one flat list: each inner layer is called once for each call of its model.
struct ModelInlining {
    private(set) var layers: [ConfiguredLayer] = []
    private(set) var entries: [ModelEntry] = []
    private let prefix: String
    private let isNested: Bool
    private var items: [String: ModelItem] = [:]
    /// Keras 2 counts the calls of a nested model from 1, for the model's own making is call 0.
    private var firstCalls: [String: Int] = [:]

    init(prefix: String, isNested: Bool) {
        self.prefix = prefix
        self.isNested = isNested
    }

    /// Adds all layers of a model, whose outputs are the given ends.
    mutating func add(_ found: [ModelItem], ends: [TensorReference]) throws(KerasError) {
        for item in found {
            guard items.updateValue(item, forKey: item.configuration.name) == nil else {
                throw .duplicateLayer(prefix + item.configuration.name)
            }
        }
        for reference in found.flatMap({ $0.calls.joined() }) + ends
        where items[reference.layer]?.model != nil {
            let first = firstCalls[reference.layer] ?? reference.call
            firstCalls[reference.layer] = min(first, reference.call)
        }
        for item in found { try add(item) }
    }

    private mutating func add(_ item: ModelItem) throws(KerasError) {
        var configuration = item.configuration
        configuration.name = prefix + configuration.name
        var calls: [[TensorReference]] = []
        for call in item.calls {
            var resolved: [TensorReference] = []
            for reference in call {
                resolved.append(try self.resolved(reference, from: configuration.name))
            }
            calls.append(resolved)
        }
        let position = layers.count
        guard let model = item.model else {
            let isInput = configuration.className == "InputLayer"
            layers.append(
                ConfiguredLayer(
                    configuration: configuration,
                    calls: calls,
                    role: isInput ? (isNested ? .nestedEntry : .entry) : .layer
                )
            )
            return entries.append(.layer(position))
        }
        layers.append(ConfiguredLayer(configuration: configuration, calls: calls, role: .model))
        for layer in model.layers {
            layers.append(try inlined(layer, of: model, called: calls, as: configuration))
        }
        entries.append(
            .model(position, model.entries.map { $0.shifted(by: position + 1) })
        )
    }

    /// A layer of a nested model with one call for each of its own calls and each call of the model.
    private func inlined(
        _ layer: ConfiguredLayer,
        of model: ModelConfiguration,
        called calls: [[TensorReference]],
        as configuration: LayerConfiguration
    ) throws(KerasError) -> ConfiguredLayer {
        var inlined = layer
        let entry = model.inputs.firstIndex { $0.layer == layer.name }
        inlined.calls = []
        for (outer, arguments) in calls.enumerated() {
            guard let entry, layer.role == .nestedEntry, layer.calls == [[]] else {
                inlined.calls += layer.calls.map { call in
                    call.map { shifted($0, outer: outer, in: model) }
                }
                continue
            }
            guard arguments.count == model.inputs.count else {
                throw configuration.fault(
                    "inbound_nodes",
                    expected: "\(model.inputs.count) inputs",
                    found: "\(arguments.count)"
                )
            }
            inlined.calls.append([arguments[entry]])
        }
        return inlined
    }

    private func shifted(
        _ reference: TensorReference,
        outer: Int,
        in model: ModelConfiguration
    ) -> TensorReference {
        var shifted = reference
        let count = model.layers.first { $0.name == reference.layer }?.calls.count ?? 1
        shifted.call += outer * count
        return shifted
    }

    /// A reference of this model by the names of the flat list: one to a nested model means the layer that gives that output.
    func resolved(
        _ reference: TensorReference,
        from layer: String
    ) throws(KerasError) -> TensorReference {
        var resolved = reference
        guard let item = items[reference.layer], let model = item.model else {
            resolved.layer = prefix + reference.layer
            return resolved
        }
        let outer = reference.call - firstCalls[reference.layer, default: 0]
        guard model.outputs.indices.contains(reference.output),
            item.calls.indices.contains(outer)
        else {
            throw .missingLayer(
                layer: layer,
                reference: "\(reference.layer), call \(reference.call), "
                    + "output \(reference.output)"
            )
        }
        resolved = shifted(model.outputs[reference.output], outer: outer, in: model)
        resolved.shape = reference.shape
        return resolved
    }
}
