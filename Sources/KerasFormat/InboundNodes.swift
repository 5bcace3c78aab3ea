/// The calls of a layer in a functional model, in the notations of Keras 2 and 3.
enum InboundNodes {
    /// The inputs of each call of a layer.
    static func calls(
        _ entry: JSONValue,
        of layer: LayerConfiguration
    ) throws(KerasError) -> [[TensorReference]] {
        guard let nodes = entry["inbound_nodes"]?.elements else { return [] }
        var calls: [[TensorReference]] = []
        for node in nodes {
            if node.members != nil, node["args"] != nil {
                calls.append(try keras3Call(node, of: layer))
            } else {
                calls.append(try keras2Call(node, of: layer))
            }
        }
        return calls
    }

    /// Keras 2: `[["name", call, output, {arguments}], ...]`, or one such reference without the outer list.
    private static func keras2Call(
        _ node: JSONValue,
        of layer: LayerConfiguration
    ) throws(KerasError) -> [TensorReference] {
        let references = node.elements.map { $0.first?.string == nil ? $0 : [node] } ?? []
        var inputs: [TensorReference] = []
        for value in references {
            guard let reference = reference(value) else {
                throw fault(layer, found: value)
            }
            if let list = value.elements, list.count > 3 {
                try checkArguments(list[3], of: layer)
            }
            inputs.append(reference)
        }
        guard !inputs.isEmpty else { throw fault(layer, found: node) }
        return inputs
    }

    /// Keras 3: `{"args": [tensor or list of tensors], "kwargs": {...}}`.
    private static func keras3Call(
        _ node: JSONValue,
        of layer: LayerConfiguration
    ) throws(KerasError) -> [TensorReference] {
        var inputs: [TensorReference] = []
        for argument in node["args"]?.elements ?? [] where !argument.isNull {
            for tensor in argument.elements ?? [argument] {
                guard let reference = keras3Tensor(tensor) else {
                    throw fault(layer, found: tensor)
                }
                inputs.append(reference)
            }
        }
        if let named = node["kwargs"]?["inputs"] {
            inputs += (named.elements ?? [named]).compactMap(keras3Tensor)
        }
        if let arguments = node["kwargs"] { try checkArguments(arguments, of: layer) }
        guard !inputs.isEmpty else { throw fault(layer, found: node) }
        return inputs
    }

    private static func keras3Tensor(_ value: JSONValue) -> TensorReference? {
        guard value["class_name"]?.string == "__keras_tensor__",
            let config = value["config"], let history = config["keras_history"],
            var found = reference(history)
        else { return nil }
        found.shape = config["shape"]
        return found
    }

    /// `["name", call, output]`, with or without more behind it.
    static func reference(_ value: JSONValue) -> TensorReference? {
        guard let list = value.elements, list.count >= 3, let name = list[0].string,
            let call = list[1].integer, let output = list[2].integer
        else { return nil }
        return TensorReference(layer: name, call: call, output: output)
    }

    /// Arguments of a call that change nothing at inference pass; all others are refused.
    private static func checkArguments(
        _ arguments: JSONValue,
        of layer: LayerConfiguration
    ) throws(KerasError) {
        for argument in arguments.members ?? [] where !argument.value.isNull {
            let isHarmless =
                argument.key == "inputs"
                || argument.key == "training" && argument.value.boolean == false
            guard isHarmless else {
                throw layer.unsupported(
                    "call argument \(argument.key)",
                    found: argument.value.summary,
                    hint: "Call the layer with its inputs alone."
                )
            }
        }
    }

    private static func fault(_ layer: LayerConfiguration, found: JSONValue) -> KerasError {
        layer.fault("inbound_nodes", expected: "references to layers", found: found.summary)
    }
}
