/// The number in an operation of a tensor and a number, such as `x / 255`.
struct ConstantOperand: Hashable, Sendable {
    var value: Double
    /// Whether it stands on the left, as in `1 - x`.
    var isFirst: Bool
}

/// The calls of a layer in a functional model, in the notations of Keras 2 and 3.
struct InboundNodes {
    /// The inputs of each call.
    private(set) var calls: [[TensorReference]] = []
    /// The number every call has besides its inputs; nil for all real layers.
    private(set) var constant: ConstantOperand?

    private let layer: LayerConfiguration

    init(_ entry: JSONValue, of layer: LayerConfiguration) throws(KerasError) {
        self.layer = layer
        for node in entry["inbound_nodes"]?.elements ?? [] {
            let before = constant
            constant = nil
            calls.append(
                node["args"] == nil ? try keras2Call(node) : try keras3Call(node)
            )
            guard !calls[calls.count - 1].isEmpty else { throw fault(node) }
            guard calls.count == 1 || constant == before else {
                throw layer.unsupported(
                    "inbound_nodes",
                    found: "calls with different numbers",
                    hint: "Use one layer per number."
                )
            }
        }
    }

    /// Keras 2: `[["name", call, output, {arguments}], ...]`, or one such reference without the outer list.
    private mutating func keras2Call(_ node: JSONValue) throws(KerasError) -> [TensorReference] {
        let references = node.elements.map { $0.first?.string == nil ? $0 : [node] } ?? []
        var inputs: [TensorReference] = []
        for value in references {
            if let list = value.elements, list.count >= 3, list[0].string == "_CONSTANT_VALUE",
                let number = list[2].number
            {
                constant = ConstantOperand(value: number, isFirst: true)
            } else if let reference = Self.reference(value) {
                inputs.append(reference)
            } else {
                throw fault(value)
            }
            if let list = value.elements, list.count > 3 {
                inputs += try keras2Arguments(list[3])
            }
        }
        return inputs
    }

    /// The arguments behind a reference; those of a TensorFlow operation hold its right-hand side under `y`.
    private mutating func keras2Arguments(
        _ arguments: JSONValue
    ) throws(KerasError) -> [TensorReference] {
        guard layer.className == "TFOpLambda" else {
            try checkArguments(arguments)
            return []
        }
        var inputs: [TensorReference] = []
        for argument in arguments.members ?? [] where argument.key != "name" {
            if argument.key == "y", let number = argument.value.number {
                constant = ConstantOperand(value: number, isFirst: false)
            } else if argument.key == "y", let reference = Self.reference(argument.value) {
                inputs.append(reference)
            } else if !argument.value.isNull {
                throw fault(argument.value)
            }
        }
        return inputs
    }

    /// Keras 3: `{"args": [tensor, number or list of tensors], "kwargs": {...}}`.
    private mutating func keras3Call(_ node: JSONValue) throws(KerasError) -> [TensorReference] {
        var inputs: [TensorReference] = []
        for argument in node["args"]?.elements ?? [] where !argument.isNull {
            if let number = argument.number, constant == nil {
                constant = ConstantOperand(value: number, isFirst: inputs.isEmpty)
                continue
            }
            for tensor in argument.elements ?? [argument] {
                guard let reference = Self.keras3Tensor(tensor) else { throw fault(tensor) }
                inputs.append(reference)
            }
        }
        if let named = node["kwargs"]?["inputs"] {
            inputs += (named.elements ?? [named]).compactMap(Self.keras3Tensor)
        }
        if let arguments = node["kwargs"] { try checkArguments(arguments) }
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
    private func checkArguments(_ arguments: JSONValue) throws(KerasError) {
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

    private func fault(_ found: JSONValue) -> KerasError {
        layer.fault("inbound_nodes", expected: "references to layers", found: found.summary)
    }
}
