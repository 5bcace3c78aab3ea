import Graph

/// One layer's configuration with typed access to its keys.
struct LayerConfiguration: Sendable {
    var name: String
    let className: String
    let config: JSONValue
    /// Keras 3's shapes for building the layer, beside the configuration.
    let buildConfig: JSONValue?
    /// The major version of the Keras that wrote the file.
    let majorVersion: Int
    /// The number an operation of a functional model has besides its inputs.
    var constant: ConstantOperand?
    /// Whether the layer is lowered for images it calls channels-first, which are executed channels-last.
    var readsChannelsFirst = false

    /// The value of a key; nil where it is missing or null.
    func value(_ key: String) -> JSONValue? {
        guard let value = config[key]?.unwrapped, !value.isNull else { return nil }
        return value
    }

    func integer(_ key: String, default fallback: Int? = nil) throws(KerasError) -> Int {
        try read(key, expected: "a whole number", fallback) { $0.integer }
    }

    func number(_ key: String, default fallback: Double? = nil) throws(KerasError) -> Double {
        try read(key, expected: "a number", fallback) { $0.number }
    }

    func flag(_ key: String, default fallback: Bool? = nil) throws(KerasError) -> Bool {
        // A model of TF-Keras 2.14 in the wild has `"scale": 1`.
        try read(key, expected: "true or false", fallback) { value in
            value.boolean ?? value.integer.flatMap { [0: false, 1: true][$0] }
        }
    }

    func text(_ key: String, default fallback: String? = nil) throws(KerasError) -> String {
        try read(key, expected: "a string", fallback) { $0.string }
    }

    /// One whole number for both axes, or a list of two.
    func size(_ key: String, default fallback: Size2D? = nil) throws(KerasError) -> Size2D {
        try read(key, expected: "one or two whole numbers", fallback) { value in
            if let both = value.integer { return Size2D(both, both) }
            guard let list = value.elements, list.count == 2, let height = list[0].integer,
                let width = list[1].integer
            else { return nil }
            return Size2D(height, width)
        }
    }

    /// One length of a sequence layer, a number or a list of one.
    func length(_ key: String, default fallback: Int? = nil) throws(KerasError) -> Int {
        try read(key, expected: "a whole number", fallback) { value in
            value.integer ?? (value.elements?.count == 1 ? value.elements?[0].integer : nil)
        }
    }

    /// A number, or a flat list of them.
    func numbers(_ key: String, default fallback: [Double]? = nil) throws(KerasError) -> [Double] {
        try read(key, expected: "a number or a list of numbers", fallback) { value in
            if let one = value.number { return [one] }
            let numbers = value.elements?.compactMap(\.number)
            return numbers?.count == value.elements?.count ? numbers : nil
        }
    }

    func read<Value>(
        _ key: String,
        expected: String,
        _ fallback: Value?,
        _ convert: (JSONValue) -> Value?
    ) throws(KerasError) -> Value {
        guard let value = value(key) else {
            guard let fallback else { throw fault(key, expected: expected, found: "nothing") }
            return fallback
        }
        guard let converted = convert(value) else {
            throw fault(key, expected: expected, found: value.summary)
        }
        return converted
    }

    func fault(_ key: String, expected: String, found: String) -> KerasError {
        .configuration(layer: name, key: key, expected: expected, found: found)
    }

    func unsupported(_ setting: String, found: String, hint: String) -> KerasError {
        .unsupportedSetting(
            layer: name,
            className: className,
            setting: setting,
            found: found,
            hint: hint
        )
    }

    /// Whether the configuration says that channels come before pixels; false where it says nothing.
    func namesChannelsFirst() throws(KerasError) -> Bool {
        let format = try text("data_format", default: "channels_last")
        guard ["channels_first", "channels_last"].contains(format) else {
            throw fault(
                "data_format",
                expected: "channels_first or channels_last",
                found: format
            )
        }
        return format == "channels_first"
    }
}

extension JSONValue {
    /// The plain value of what Keras wraps: arrays of NumPy, tuples and tensor shapes.
    var unwrapped: JSONValue {
        switch self["class_name"]?.string {
        case "__ndarray__", "__numpy__", "__tensor__": self["config"]?["value"] ?? self
        case "__tuple__", "TensorShape": self["items"] ?? self["config"] ?? self
        default: self
        }
    }

    /// The elements of a list or a wrapped list.
    var elements: [JSONValue]? { unwrapped.array }
}
