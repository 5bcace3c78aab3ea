import Graph

/// An activation with the name it has in the file.
struct NamedActivation {
    var name: String
    var kind: LayerKind
}

extension LayerConfiguration {
    /// The activation under a key: a name, a serialized function or a serialized layer; nil for linear.
    func activation(_ key: String = "activation") throws(KerasError) -> NamedActivation? {
        guard let value = value(key) else { return nil }
        let named = try activation(from: value, key: key)
        return named.kind == .activation(.linear) ? nil : named
    }

    private func activation(
        from value: JSONValue,
        key: String
    ) throws(KerasError) -> NamedActivation {
        if let name = value.string { return try activation(named: name, key: key) }
        guard let className = value["class_name"]?.string, let config = value["config"] else {
            throw fault(key, expected: "the name of an activation", found: value.summary)
        }
        if let name = config.string { return try activation(named: name, key: key) }
        let layer = LayerConfiguration(
            name: name,
            className: className,
            config: config,
            buildConfig: nil,
            majorVersion: majorVersion
        )
        guard let activation = try layer.activationLayer(inputRank: nil) else {
            // A function is written by its name: {"class_name": "silu", "config": {}}.
            return try activation(named: className, key: key)
        }
        return NamedActivation(name: className.lowercased(), kind: .activation(activation))
    }

    private func activation(named name: String, key: String) throws(KerasError) -> NamedActivation {
        guard let kind = Self.activation(named: name, majorVersion: majorVersion) else {
            throw unsupported(
                key,
                found: name,
                hint: "Use one of: " + Self.knownNames.joined(separator: ", ") + "."
            )
        }
        return NamedActivation(name: name, kind: kind)
    }

    static let knownNames = [
        "linear", "relu", "relu6", "leaky_relu", "softmax", "sigmoid", "tanh", "elu", "selu",
        "softplus", "softsign", "exponential", "silu", "swish", "hard_sigmoid", "hard_silu",
        "hard_swish", "gelu", "celu", "mish", "squareplus", "soft_shrink", "hard_shrink",
        "tanh_shrink", "sparse_plus", "sparse_sigmoid", "hard_tanh", "log_sigmoid", "log_softmax",
        "glu",
    ]

    /// What a name means to the Keras of the given major version.
    static func activation(named name: String, majorVersion: Int) -> LayerKind? {
        if let common = commonActivation(named: name, majorVersion: majorVersion) {
            return .activation(common)
        }
        if let curve = curve(named: name) { return .activation(.curve(curve)) }
        switch name {
        case "log_softmax": return .channelFunction(.logSoftmax)
        case "glu": return .channelFunction(.gatedLinearUnit)
        default: return nil
        }
    }

    private static func curve(named name: String) -> ActivationCurve? {
        switch name {
        case "celu": .celu()
        case "mish": .mish
        case "squareplus": .squareplus()
        case "soft_shrink": .softShrink()
        case "hard_shrink": .hardShrink()
        case "tanh_shrink": .tanhShrink
        case "sparse_plus": .sparsePlus
        case "sparse_sigmoid": .sparseSigmoid
        case "hard_tanh": .hardTanh
        case "log_sigmoid": .logSigmoid
        default: nil
        }
    }

    private static func commonActivation(named name: String, majorVersion: Int) -> Activation? {
        switch name {
        case "linear": .linear
        case "relu": .relu()
        case "relu6": .relu(maximum: 6)
        case "leaky_relu": .relu(slope: 0.2)
        case "softmax": .softmax
        case "sigmoid": .sigmoid
        case "tanh": .tanh
        case "elu": .elu()
        case "selu": .selu
        case "softplus": .softplus
        case "softsign": .softsign
        case "exponential": .exponential
        case "silu", "swish": .silu
        case "hard_sigmoid": .hardSigmoid(slope: majorVersion >= 3 ? 1 / 6 : 0.2)
        case "hard_silu", "hard_swish": .hardSilu
        case "gelu": .gelu()
        default: nil
        }
    }

    /// What a layer class that is nothing but an activation computes; nil for any other class.
    func activationLayer(inputRank: Int?) throws(KerasError) -> Activation? {
        switch className {
        case "ReLU":
            let maximum = value("max_value")
            return .relu(
                slope: Float(try number("negative_slope", default: 0)),
                maximum: maximum == nil ? nil : Float(try number("max_value")),
                threshold: Float(try number("threshold", default: 0))
            )
        case "LeakyReLU":
            let key = config["negative_slope"] == nil ? "alpha" : "negative_slope"
            return .relu(slope: Float(try number(key, default: 0.3)))
        case "ThresholdedReLU":
            return .relu(threshold: Float(try number("theta", default: 1)))
        case "ELU": return .elu(alpha: Float(try number("alpha", default: 1)))
        case "Softmax":
            try requireLastAxis("axis", inputRank: inputRank)
            return .softmax
        default: return nil
        }
    }

    /// The one axis under a key, which may stand in a list; nil where there is none or several.
    func axis(_ key: String) -> Int? {
        guard let value = value(key) else { return nil }
        return value.elements.map { $0.count == 1 ? $0[0].integer : nil } ?? value.integer
    }

    /// Refuses an axis other than the channels'; it may be counted from either end, with the batch, and stand in a list.
    func requireLastAxis(_ key: String, inputRank: Int?) throws(KerasError) {
        guard let value = value(key) else { return }
        let axis = axis(key)
        let isChannels =
            readsChannelsFirst
            ? axis == 1 || (axis != nil && axis == inputRank.map { -$0 })
            : axis == -1 || (axis != nil && axis == inputRank)
        guard isChannels else {
            throw unsupported(
                key,
                found: value.summary,
                hint: "Only the last axis is executed; move the channels there."
            )
        }
    }
}
