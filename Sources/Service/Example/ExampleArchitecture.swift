import Foundation
import Graph
import Tensors

/// The sample model's layers, written down as Keras 3 writes a functional model.
///
/// Rescaling, three convolutions of 16, 32 and 64 filters with BatchNormalization and ReLU, a residual block at 32,
/// global pooling and a softmax: small, but with a coupled group, so that it shows what compression has to solve.
struct ExampleArchitecture {
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

    private(set) var layers: [Layer] = []

    init(classes: Int) {
        let side = ExampleImages.side
        layers = [
            Layer(
                name: "image",
                className: "InputLayer",
                settings: ["batch_shape": [NSNull(), side, side, 3] as [Any], "dtype": "float32"],
                inputs: [],
                shape: [side, side, 3]
            ),
            Layer(
                name: "scale",
                className: "Rescaling",
                settings: ["scale": 1.0 / 127.5, "offset": -1.0],
                inputs: ["image"],
                shape: [side, side, 3]
            ),
        ]
        convolve("stem", filters: 16, strides: 1, from: "scale")
        convolve("down1", filters: 32, strides: 2, from: "stem_relu")
        convolve("block_a", filters: 32, strides: 1, from: "down1_relu")
        convolve("block_b", filters: 32, strides: 1, from: "block_a_relu", activates: false)
        let sum = shape(of: "block_b_bn")
        add(
            Layer(
                name: "sum",
                className: "Add",
                settings: [:],
                inputs: ["down1_relu", "block_b_bn"],
                shape: sum
            )
        )
        activate("sum")
        convolve("down2", filters: 64, strides: 2, from: "sum_relu")
        let width = shape(of: "down2_relu").last ?? 0
        add(
            Layer(
                name: "pool",
                className: "GlobalAveragePooling2D",
                settings: ["data_format": "channels_last", "keepdims": false],
                inputs: ["down2_relu"],
                shape: [width]
            )
        )
        add(
            Layer(
                name: "classes",
                className: "Dense",
                settings: ["units": classes, "activation": "softmax", "use_bias": true],
                inputs: ["pool"],
                shape: [classes],
                weights: [("kernel", [width, classes]), ("bias", [classes])]
            )
        )
    }

    private mutating func add(_ layer: Layer) { layers.append(layer) }

    private func shape(of name: String) -> [Int] {
        layers.first { $0.name == name }?.shape ?? []
    }

    private mutating func convolve(
        _ name: String,
        filters: Int,
        strides: Int,
        from input: String,
        activates: Bool = true
    ) {
        let before = shape(of: input)
        let shape = [before[0] / strides, before[1] / strides, filters]
        add(
            Layer(
                name: name,
                className: "Conv2D",
                settings: [
                    "filters": filters, "kernel_size": [3, 3], "strides": [strides, strides],
                    "padding": "same", "data_format": "channels_last", "dilation_rate": [1, 1],
                    "groups": 1, "activation": "linear", "use_bias": false,
                ],
                inputs: [input],
                shape: shape,
                weights: [("kernel", [3, 3, before[2], filters])]
            )
        )
        let statistics = ["gamma", "beta", "moving_mean", "moving_variance"]
        add(
            Layer(
                name: "\(name)_bn",
                className: "BatchNormalization",
                settings: [
                    "axis": -1, "momentum": 0.9, "epsilon": 0.001, "center": true, "scale": true,
                ],
                inputs: [name],
                shape: shape,
                weights: statistics.map { ($0, [filters]) }
            )
        )
        if activates { activate(name, from: "\(name)_bn") }
    }

    private mutating func activate(_ name: String, from input: String? = nil) {
        let input = input ?? name
        add(
            Layer(
                name: "\(name)_relu",
                className: "ReLU",
                settings: [:],
                inputs: [input],
                shape: shape(of: input)
            )
        )
    }
}

extension ExampleArchitecture {
    /// The `model_config` attribute.
    func configuration(name: String) throws -> String {
        let last = layers.last?.name ?? ""
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

    /// The initial value of a weight: He's for kernels, one for scales and variances, zero for the rest.
    ///
    /// Source: He et al. 2015, "Delving Deep into Rectifiers", arXiv:1502.01852, equation 10.
    static func initial(_ weight: (name: String, shape: [Int]), of layer: String) -> [Float] {
        let count = weight.shape.reduce(1, *)
        switch weight.name {
        case "kernel":
            let fanIn = weight.shape.dropLast().reduce(1, *)
            let deviation = Float((2 / Double(fanIn)).squareRoot())
            var random = CounterRandom(seed: 0, stage: "example \(layer)")
            return (0..<count).map { _ in deviation * random.nextNormal() }
        case "gamma", "moving_variance": return [Float](repeating: 1, count: count)
        default: return [Float](repeating: 0, count: count)
        }
    }
}
