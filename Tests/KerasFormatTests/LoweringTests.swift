import Graph
import HDF5
import KerasFormat
import Tensors
import Testing

@Suite("Keras layers as network layers")
struct LoweringTests {
    private func kinds(_ layers: String..., version: String = "2.9.0") throws -> [LayerKind] {
        var model = SyntheticModel.sequential()
        let all = layers.joined(separator: ", ")
        model.configuration = model.configuration.replacing("}}]}}", with: "}}, \(all)]}}")
        model.version = version
        return try model.read().network.layers.dropFirst().map(\.kind)
    }

    @Test("fused activations and separable convolutions become layers of their own")
    func names() throws {
        let model = try KerasModel.read(image: try ModelFiles.fixture("mobile-keras2"))
        let names = model.network.layers.map(\.name)
        for name in [
            "se_reduce", "se_reduce/relu", "se_expand/hard_sigmoid", "separable/depthwise",
            "separable/pointwise", "separable/relu", "branch/selu", "logits",
        ] { #expect(names.contains(name)) }
        let separable = try #require(model.layers.first { $0.className == "SeparableConv2D" })
        #expect(separable.networkLayers.map { names[$0] }.first == "separable/depthwise")
        #expect(separable.networkLayers.count == 3)
        let index = try #require(names.firstIndex(of: "separable/relu"))
        #expect(model.source(ofNetworkLayer: index)?.name == "separable")
        #expect(model.className == "Functional")
    }

    @Test("a shared layer is one layer called several times")
    func shared() throws {
        for name in ["shared-keras2", "shared-keras3"] {
            let network = try KerasModel.read(image: try ModelFiles.fixture(name)).network
            let again = try #require(network.layers.firstIndex { $0.name == "again" })
            #expect(network.calls[again].count == 3)
            #expect(network.inputs.count == 2)
            #expect(
                network.outputs.map { network.layer(of: $0).name } == [
                    "classes/softmax", "value/sigmoid",
                ]
            )
        }
    }

    @Test("a frozen layer is not trainable")
    func frozen() throws {
        for name in ["residual-keras2", "residual-keras3"] {
            let network = try KerasModel.read(image: try ModelFiles.fixture(name)).network
            #expect(network.layers.filter { !$0.isTrainable }.map(\.name) == ["frozen"])
        }
    }

    @Test(
        "weights stored in half or double precision are read",
        arguments: [
            "half-keras2", "half-keras3", "double-keras2", "double-keras3",
        ]
    )
    func precisions(name: String) throws {
        let network = try KerasModel.read(image: try ModelFiles.fixture(name)).network
        let reference = try KerasModel.read(image: try ModelFiles.fixture("sequential-keras3"))
            .network
        for (mine, theirs) in zip(network.layers, reference.layers) {
            for (left, right) in zip(mine.weights, theirs.weights) {
                #expect(left.largestDifference(from: right) < 1e-3)
            }
        }
    }

    @Test(
        "the hard sigmoid has the slope of the Keras that wrote the file",
        arguments: [
            ("2.9.0", Float(0.2)), ("3.3.3", Float(1) / 6),
        ]
    )
    func hardSigmoid(version: String, slope: Float) throws {
        let layer =
            #"{"class_name": "Activation", "config": {"name": "a", "activation": "hard_sigmoid"}}"#
        #expect(try kinds(layer, version: version) == [.activation(.hardSigmoid(slope: slope))])
    }

    @Test(
        "activations are read as names, functions and layers",
        arguments: [
            (#""swish""#, Activation.silu),
            (#""linear""#, .linear),
            (#"{"class_name": "function", "config": "relu", "module": "builtins"}"#, .relu()),
            (#"{"class_name": "relu6", "config": {}}"#, .relu(maximum: 6)),
            (
                #"{"class_name": "LeakyReLU", "config": {"name": "l", "alpha": {"class_name": "__ndarray__", "config": {"dtype": "float32", "type": "ndarray", "value": 0.125}}}}"#,
                .relu(slope: 0.125)
            ),
        ]
    )
    func activationNotations(text: String, activation: Activation) throws {
        let layer =
            #"{"class_name": "Activation", "config": {"name": "a", "activation": \#(text)}}"#
        #expect(try kinds(layer) == [.activation(activation)])
    }

    @Test(
        "activation layers take their settings from either generation's keys",
        arguments: [
            (#""LeakyReLU", "config": {"name": "a", "alpha": 0.25}"#, Activation.relu(slope: 0.25)),
            (#""LeakyReLU", "config": {"name": "a", "negative_slope": 0.5}"#, .relu(slope: 0.5)),
            (#""LeakyReLU", "config": {"name": "a"}"#, .relu(slope: 0.3)),
            (
                #""ReLU", "config": {"name": "a", "max_value": 6.0, "negative_slope": 0.0, "threshold": 1}"#,
                .relu(maximum: 6, threshold: 1)
            ),
            (#""ReLU", "config": {"name": "a", "max_value": null}"#, .relu()),
            (#""ELU", "config": {"name": "a", "alpha": 2}"#, .elu(alpha: 2)),
            (#""Softmax", "config": {"name": "a", "axis": [3]}"#, .softmax),
        ]
    )
    func activationLayers(text: String, activation: Activation) throws {
        #expect(try kinds(#"{"class_name": \#(text)}"#) == [.activation(activation)])
    }

    @Test("shape layers keep their settings")
    func shapeLayers() throws {
        let found = try kinds(
            #"{"class_name": "ZeroPadding2D", "config": {"name": "a", "padding": [[1, 2], [3, 4]]}}"#,
            #"{"class_name": "ZeroPadding2D", "config": {"name": "b", "padding": [1, 0]}}"#,
            #"{"class_name": "MaxPooling2D", "config": {"name": "c", "pool_size": [2, 3], "strides": null, "padding": "same"}}"#,
            #"{"class_name": "GlobalAveragePooling2D", "config": {"name": "d", "keepdims": true}}"#,
            #"{"class_name": "Dropout", "config": {"name": "e", "rate": 0.5, "noise_shape": {"class_name": "__tuple__", "items": [null, 1, 1, 4]}}}"#,
            #"{"class_name": "Reshape", "config": {"name": "f", "target_shape": [2, -1]}}"#,
            #"{"class_name": "Flatten", "config": {"name": "g"}}"#
        )
        #expect(
            found == [
                .zeroPadding2D(
                    ZeroPadding2D(border: Border(top: 1, bottom: 2, left: 3, right: 4))
                ),
                .zeroPadding2D(
                    ZeroPadding2D(border: Border(top: 1, bottom: 1, left: 0, right: 0))
                ),
                .pooling2D(
                    Pooling2D(
                        .maximum,
                        window: SlidingWindow(
                            size: Size2D(2, 3),
                            strides: Size2D(2, 3),
                            padding: .same
                        )
                    )
                ),
                .globalPooling2D(GlobalPooling2D(.average, keepsDimensions: true)),
                .dropout(Dropout(rate: 0.5, noise: .bernoulli(noiseShape: [nil, 1, 1, nil]))),
                .reshape(Reshape(target: [2, -1])), .flatten(Flatten()),
            ]
        )
    }

    @Test(
        "operators on a tensor and a number are rescalings",
        arguments: [
            "arithmetic-keras2", "arithmetic-keras3",
        ]
    )
    func arithmetic(name: String) throws {
        let network = try KerasModel.read(image: try ModelFiles.fixture(name)).network
        let rescalings = network.nodes.compactMap { node -> Rescaling? in
            guard case .rescaling(let rescaling) = network.layers[node.layer].kind else {
                return nil
            }
            return rescaling
        }
        #expect(
            Set(rescalings) == [
                Rescaling(scale: [1 / 255]), Rescaling(scale: [1], offset: [-0.5]),
                Rescaling(scale: [2]), Rescaling(scale: [1], offset: [3]),
                Rescaling(scale: [Float(1.0 / 6)]), Rescaling(scale: [-1], offset: [1]),
                Rescaling(scale: [1], offset: [0.5]),
            ]
        )
        let merges = network.layers.filter { if case .merge = $0.kind { true } else { false } }
        #expect(merges.map(\.kind) == [.merge(Merge(.multiply)), .merge(Merge(.add))])
    }

    @Test(
        "operations no layer computes are refused",
        arguments: [
            #"{"class_name": "TFOpLambda", "config": {"name": "x", "function": "nn.relu"}}"#,
            #"{"class_name": "Subtract", "config": {"name": "x"}}"#,
        ]
    )
    func otherOperations(layer: String) {
        #expect(throws: KerasError.self) { try kinds(layer) }
    }
}
