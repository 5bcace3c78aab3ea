import Foundation
import Graph
import HDF5
import Tensors

/// An untrained network, written down layer by layer as Keras 3 writes a functional model.
public struct NewModel {
    /// One layer: what Keras calls it, its settings, the layers it reads and the shape it answers with.
    struct Layer {
        var name: String
        var className: String
        var settings: [String: Any]
        var inputs: [String]
        var shape: [Int]
        /// Names and shapes of the weights, in Keras' order.
        var weights: [(name: String, shape: [Int])] = []
    }

    /// The version whose form of `.h5` is written.
    private static let kerasVersion = "3.0.0"

    /// The model's name; keys its initial weights.
    let name: String
    private(set) var layers: [Layer] = []

    /// A network that takes images of bytes and first brings them to -1...1.
    ///
    /// - Parameters:
    ///   - name: The model's name; keys its initial weights.
    ///   - image: Rows, columns and channels of an image.
    public init(name: String, image: [Int]) {
        self.name = name
        layers = [
            Layer(
                name: "image",
                className: "InputLayer",
                settings: ["batch_shape": [NSNull()] + image as [Any], "dtype": "float32"],
                inputs: [],
                shape: image
            )
        ]
        add("Rescaling", "scale", ["scale": 1.0 / 127.5, "offset": -1.0], shape: image)
    }

    /// The last layer, which the next one reads unless told otherwise.
    var last: String { layers.last?.name ?? "" }

    func shape(of name: String) -> [Int] {
        layers.first { $0.name == name }?.shape ?? []
    }

    private mutating func add(
        _ className: String,
        _ name: String,
        _ settings: [String: Any] = [:],
        from inputs: [String]? = nil,
        shape: [Int],
        weights: [(name: String, shape: [Int])] = []
    ) {
        layers.append(
            Layer(
                name: name,
                className: className,
                settings: settings,
                inputs: inputs ?? [last],
                shape: shape,
                weights: weights
            )
        )
    }

    /// Adds a convolution of 3 x 3 without bias, its BatchNormalization `NAME_bn` and, if asked, a ReLU `NAME_relu`.
    public mutating func convolve(
        _ name: String,
        filters: Int,
        strides: Int = 1,
        activates: Bool = true
    ) {
        let before = shape(of: last)
        let shape = [before[0] / strides, before[1] / strides, filters]
        add(
            "Conv2D",
            name,
            [
                "filters": filters, "kernel_size": [3, 3], "strides": [strides, strides],
                "padding": "same", "data_format": "channels_last", "dilation_rate": [1, 1],
                "groups": 1, "activation": "linear", "use_bias": false,
            ],
            shape: shape,
            weights: [("kernel", [3, 3, before[2], filters])]
        )
        add(
            "BatchNormalization",
            "\(name)_bn",
            ["axis": -1, "momentum": 0.9, "epsilon": 0.001, "center": true, "scale": true],
            shape: shape,
            weights: ["gamma", "beta", "moving_mean", "moving_variance"].map { ($0, [filters]) }
        )
        if activates { add("ReLU", "\(name)_relu", shape: shape) }
    }

    /// Adds the sum `NAME` of the last layer and an earlier one, and a ReLU `NAME_relu`.
    mutating func sum(_ name: String, with earlier: String) {
        let shape = shape(of: last)
        add("Add", name, from: [earlier, last], shape: shape)
        add("ReLU", "\(name)_relu", shape: shape)
    }

    /// Adds the maximum of each 2 x 2 square.
    public mutating func halve(_ name: String) {
        let before = shape(of: last)
        add(
            "MaxPooling2D",
            name,
            [
                "pool_size": [2, 2], "strides": [2, 2], "padding": "valid",
                "data_format": "channels_last",
            ],
            shape: [before[0] / 2, before[1] / 2, before[2]]
        )
    }

    /// Adds the mean over all places.
    public mutating func average(_ name: String) {
        let width = shape(of: last).last ?? 0
        add(
            "GlobalAveragePooling2D",
            name,
            ["data_format": "channels_last", "keepdims": false],
            shape: [width]
        )
    }

    /// Adds the layer that ends a classifier.
    public mutating func classify(_ name: String, classes: Int) {
        let width = shape(of: last).last ?? 0
        add(
            "Dense",
            name,
            ["units": classes, "activation": "softmax", "use_bias": true],
            shape: [classes],
            weights: [("kernel", [width, classes]), ("bias", [classes])]
        )
    }
}

extension NewModel {
    /// The model as the bytes of a Keras `.h5` file.
    public func image() throws -> [UInt8] {
        let file = try HDF5File.create()
        let attributes = file.root.attributes
        try attributes.set("keras_version", string: Self.kerasVersion)
        try attributes.set("backend", string: "tensorflow")
        try attributes.set("model_config", string: configuration())
        let weights = try file.root.makeGroup("model_weights")
        try weights.attributes.set("keras_version", string: Self.kerasVersion)
        try weights.attributes.set("backend", string: "tensorflow")
        try weights.attributes.set("layer_names", strings: layers.map(\.name))
        for layer in layers { try write(layer, to: weights.makeGroup(layer.name)) }
        let top = try weights.makeGroup("top_level_model_weights")
        try top.attributes.set("weight_names", floats: [])
        return try file.image()
    }

    private func write(_ layer: Layer, to group: HDF5Group) throws {
        guard !layer.weights.isEmpty else {
            // Keras itself leaves an empty list of floats where a layer has no weights.
            return try group.attributes.set("weight_names", floats: [])
        }
        let names = layer.weights.map { "\(layer.name)/\($0.name)" }
        try group.attributes.set("weight_names", strings: names)
        let inner = try group.makeGroup(layer.name)
        for weight in layer.weights {
            try inner.makeDataset(
                weight.name,
                shape: weight.shape,
                floats: initial(weight, of: layer.name)
            )
        }
    }

    /// The initial value of a weight: He's for kernels, one for scales and variances, zero for the rest.
    ///
    /// Source: He et al. 2015, "Delving Deep into Rectifiers", arXiv:1502.01852, equation 10.
    private func initial(_ weight: (name: String, shape: [Int]), of layer: String) -> [Float] {
        let count = weight.shape.reduce(1, *)
        switch weight.name {
        case "kernel":
            let fanIn = weight.shape.dropLast().reduce(1, *)
            let deviation = Float((2 / Double(fanIn)).squareRoot())
            var random = CounterRandom(seed: 0, stage: "\(name) \(layer)")
            return (0..<count).map { _ in deviation * random.nextNormal() }
        case "gamma", "moving_variance": return [Float](repeating: 1, count: count)
        default: return [Float](repeating: 0, count: count)
        }
    }

    /// The `model_config` attribute.
    private func configuration() throws -> String {
        let model: [String: Any] = [
            "module": "keras", "class_name": "Functional", "registered_name": "Functional",
            "config": [
                "name": name, "trainable": true, "layers": layers.map(entry),
                "input_layers": [["image", 0, 0] as [Any]],
                "output_layers": [[last, 0, 0] as [Any]],
            ] as [String: Any],
        ]
        let bytes = try JSONSerialization.data(
            withJSONObject: model,
            options: [.sortedKeys, .withoutEscapingSlashes]
        )
        return String(decoding: bytes, as: UTF8.self)
    }

    private func entry(_ layer: Layer) -> [String: Any] {
        var settings = layer.settings
        settings["name"] = layer.name
        if layer.className != "InputLayer" {
            settings["trainable"] = true
            settings["dtype"] = "float32"
        }
        let tensors = layer.inputs.map(tensor)
        let argument: Any = tensors.count == 1 ? tensors[0] : tensors
        let call: [String: Any] = ["args": [argument], "kwargs": [String: Any]()]
        return [
            "module": "keras.layers", "class_name": layer.className,
            "registered_name": NSNull(), "name": layer.name, "config": settings,
            "inbound_nodes": layer.inputs.isEmpty ? [] : [call],
        ]
    }

    private func tensor(_ name: String) -> [String: Any] {
        [
            "class_name": "__keras_tensor__",
            "config": [
                "shape": [NSNull()] + shape(of: name) as [Any], "dtype": "float32",
                "keras_history": [name, 0, 0] as [Any],
            ] as [String: Any],
        ]
    }
}
