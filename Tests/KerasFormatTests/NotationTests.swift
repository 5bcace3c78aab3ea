import Graph
import HDF5
import KerasFormat
import Tensors
import Testing

@Suite("The notations of Keras 2.0 to 3")
struct NotationTests {
    private static let dense =
        #"{"class_name": "Dense", "config": {"name": "d", "units": 3, "activation": "relu", "batch_input_shape": [null, 2]}}"#

    private func weights(
        _ names: [String] = ["d/kernel:0", "d/bias:0"]
    )
        -> [(layer: String, weights: [(name: String, shape: [Int])])]
    {
        [("d", [(names[0], [2, 3]), (names[1], [3])])]
    }

    @Test(
        "a Sequential of Keras 2.0 is a list, its first layer gives the input",
        arguments: [
            HDF5StringLayout.fixed, .variable,
        ]
    )
    func list(layout: HDF5StringLayout) throws {
        let model = SyntheticModel(
            configuration: #"{"class_name": "Sequential", "config": [\#(Self.dense)]}"#,
            weights: weights(),
            layout: layout
        )
        let read = try model.read()
        #expect(read.network.layers.map(\.name) == ["d_input", "d", "d/relu"])
        #expect(read.network.shapes == [[2], [3], [3]])
        #expect(read.network.layers[1].weights[0].values == [0, 1, 2, 3, 4, 5])
        #expect(read.layers.map(\.isInFile) == [false, true])
        let written = try read.image(replacing: read.network)
        #expect(
            try differences(HDF5File(image: try model.image()).root, HDF5File(image: written).root)
                == []
        )
    }

    @Test("the input may stand in build_input_shape alone")
    func buildInputShape() throws {
        let layer = Self.dense.replacing(#", "batch_input_shape": [null, 2]"#, with: "")
        for shape in ["[null, 2]", #"{"class_name": "TensorShape", "items": [null, 2]}"#] {
            let model = SyntheticModel(
                configuration:
                    #"{"class_name": "Sequential", "config": {"name": "s", "layers": [\#(layer)], "build_input_shape": \#(shape)}}"#,
                weights: weights()
            )
            #expect(try model.read().network.shapes.last == [3])
        }
    }

    @Test("weights may lie in the root, deep, or under split names")
    func weightPlaces() throws {
        var model = SyntheticModel(
            configuration: #"{"class_name": "Sequential", "config": [\#(Self.dense)]}"#,
            weights: weights(["a/b/kernel:0", "a/b/bias:0"]),
            weightGroup: nil,
            namesPerAttribute: 1
        )
        #expect(try model.read().network.layers[1].weights[1].values == [0, 1, 2])
        model.weightGroup = "model_weights"
        let read = try model.read()
        var changed = read.network
        changed.updateWeight(layer: 1, index: 1) { $0[0] = 9 }
        let written = try HDF5File(image: try read.image(replacing: changed)).root
        #expect(
            try written.dataset("model_weights/d/a/b/bias:0").readFloats() == [9, 1, 2]
        )
        #expect(
            try written.dataset("model_weights/d/a/b/kernel:0").readFloats() == [0, 1, 2, 3, 4, 5]
        )
    }

    /// An input through a dense layer, twice, into a sum, with the calls in the given notation.
    private func functional(
        _ calls: (dense: String, add: String),
        input: String,
        output: String
    ) -> SyntheticModel {
        let layers = """
            {"class_name": "Add", "name": "sum", "config": {"name": "sum"}, "inbound_nodes": \(calls.add)},
            {"class_name": "Dense", "name": "d", "config": {"name": "d", "units": 2}, "inbound_nodes": \(calls.dense)},
            {"class_name": "InputLayer", "name": "in", "config": {"batch_shape": [null, 2]}, "inbound_nodes": []}
            """
        return SyntheticModel(
            configuration:
                #"{"class_name": "Model", "config": {"name": "m", "layers": [\#(layers)], "input_layers": \#(input), "output_layers": \#(output)}}"#,
            weights: [("d", [("kernel", [2, 2]), ("bias", [2])])]
        )
    }

    private static func tensor(_ layer: String, _ call: Int) -> String {
        #"{"class_name": "__keras_tensor__", "config": {"shape": [null, 2], "keras_history": ["\#(layer)", \#(call), 0]}}"#
    }

    @Test("functional models are read in any order of layers and either notation of calls")
    func inboundNodes() throws {
        let keras2 = functional(
            (
                #"[[["in", 0, 0, {}]], [["d", 0, 0, {"training": null}]]]"#,
                #"[[["d", 0, 0, {}], ["d", 1, 0]]]"#
            ),
            input: #"[["in", 0, 0]]"#,
            output: #"[["sum", 0, 0]]"#
        )
        let first = Self.tensor("in", 0)
        let second = Self.tensor("d", 0)
        let third = Self.tensor("d", 1)
        let keras3 = functional(
            (
                #"[{"args": [\#(first)], "kwargs": {"training": false}}, {"args": [\#(second)], "kwargs": {}}]"#,
                #"[{"args": [[\#(second), \#(third)]], "kwargs": {"mask": null}}]"#
            ),
            input: #"["in", 0, 0]"#,
            output: #"{"y": ["sum", 0, 0]}"#
        )
        for model in [keras2, keras3] {
            let network = try model.read().network
            #expect(
                network.nodes.map { network.layers[$0.layer].name } == ["in", "d", "d", "sum"]
            )
            #expect(network.nodes.map(\.inputs) == [[], [0], [1], [1, 2]])
        }
    }

    @Test("open input lengths are taken from the caller, and only where they are open")
    func openInput() throws {
        let pooling = #"{"class_name": "GlobalAveragePooling2D", "config": {"name": "p"}}"#
        let model = SyntheticModel.sequential(input: "[null, null, null, 3]", pooling)
        #expect(throws: KerasError.unknownInputShape(layer: "in", found: "[null, null, null, 3]")) {
            try model.read()
        }
        #expect(try model.read(inputShape: [20, 30, 3]).network.shapes == [[20, 30, 3], [3]])
        #expect(
            throws: KerasError.inputShapeMismatch(
                layer: "in",
                expected: "[null, null, null, 3]",
                found: [20, 30, 4]
            )
        ) { try model.read(inputShape: [20, 30, 4]) }
    }
}
