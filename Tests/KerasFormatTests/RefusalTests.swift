import Graph
import HDF5
import KerasFormat
import Tensors
import Testing

@Suite("Keras files that cannot be executed")
struct RefusalTests {
    @Test(
        "a layer that cannot be executed is refused by its name",
        arguments: [
            #"{"class_name": "Lambda", "config": {"name": "x"}}"#,
            #"{"class_name": "MyLayer", "config": {"name": "x"}}"#,
            #"{"class_name": "LSTM", "config": {"name": "x", "units": 3}}"#,
            #"{"class_name": "Sequential", "config": {"name": "x", "layers": []}}"#,
            #"{"class_name": "Conv2D", "config": {"name": "x", "filters": 2, "kernel_size": [1, 1], "data_format": "channels_middle"}}"#,
            #"{"class_name": "Conv2D", "config": {"name": "x", "filters": 2, "kernel_size": [1, 1], "padding": "causal"}}"#,
            #"{"class_name": "Conv2D", "config": {"name": "x", "kernel_size": [1, 1]}}"#,
            #"{"class_name": "Conv2D", "config": {"name": "x", "filters": 2.5, "kernel_size": [1, 1]}}"#,
            #"{"class_name": "Conv2D", "config": {"name": "x", "filters": 1e30, "kernel_size": [1, 1]}}"#,
            #"{"class_name": "Conv2D", "config": {"name": "x", "filters": 2, "kernel_size": [1, 1, 1]}}"#,
            #"{"class_name": "BatchNormalization", "config": {"name": "x", "axis": 2}}"#,
            #"{"class_name": "BatchNormalization", "config": {"name": "x", "axis": [1, 3]}}"#,
            #"{"class_name": "Activation", "config": {"name": "x", "activation": "threshold"}}"#,
            #"{"class_name": "UpSampling2D", "config": {"name": "x", "interpolation": "bicubic"}}"#,
            #"{"class_name": "GroupNormalization", "config": {"name": "x", "groups": -1}}"#,
            #"{"class_name": "LayerNormalization", "config": {"name": "x", "axis": [1, 2]}}"#,
            #"{"class_name": "Conv2D", "config": {"name": "x", "filters": 2, "kernel_size": [1, 1], "data_format": "channels_first", "activation": "softmax"}}"#,
            #"{"class_name": "Activation", "config": {"name": "x", "activation": {"class_name": "Lambda", "config": {}}}}"#,
            #"{"class_name": "Softmax", "config": {"name": "x", "axis": 1}}"#,
            #"{"class_name": "Concatenate", "config": {"name": "x", "axis": 0}}"#,
            #"{"class_name": "Concatenate", "config": {"name": "x", "axis": -9223372036854775808}}"#,
            #"{"class_name": "Dropout", "config": {"name": "x", "rate": "much"}}"#,
        ]
    )
    func unsupported(layer: String) throws {
        let model = SyntheticModel.sequential(layer)
        let error = #expect(throws: KerasError.self) { try model.read() }
        switch try #require(error) {
        case .unsupportedLayer(let name, let className, let hint):
            #expect(name == "x")
            #expect(layer.contains("\"\(className)\""))
            #expect(hint.count > 20)
        case .unsupportedSetting(let name, _, _, _, let hint):
            #expect(name == "x")
            #expect(hint.isEmpty == false)
        case .configuration(let name, _, _, _): #expect(name == "x")
        case .file, .archive, .json, .notAModel, .unknownInputShape, .inputShapeMismatch,
            .duplicateLayer,
            .missingLayer, .cycle, .weightCount, .graph, .otherModel:
            Issue.record("\(String(describing: error))")
        }
    }

    @Test(
        "settings without bounds end as an error of the graph",
        arguments: [
            #"{"class_name": "Reshape", "config": {"name": "x", "target_shape": [9223372036854775807, 9223372036854775807]}}"#,
            #"{"class_name": "Reshape", "config": {"name": "x", "target_shape": [-1, -1]}}"#,
            #"{"class_name": "ZeroPadding2D", "config": {"name": "x", "padding": 9223372036854775807}}"#,
            #"{"class_name": "MaxPooling2D", "config": {"name": "x", "pool_size": 9223372036854775807, "padding": "same"}}"#,
            #"{"class_name": "MaxPooling2D", "config": {"name": "x", "pool_size": 0}}"#,
            #"{"class_name": "AveragePooling2D", "config": {"name": "x", "strides": -1}}"#,
            #"{"class_name": "Dropout", "config": {"name": "x", "rate": NaN}}"#,
            #"{"class_name": "Cropping2D", "config": {"name": "x", "cropping": 4}}"#,
            #"{"class_name": "Permute", "config": {"name": "x", "dims": [1, 1, 3]}}"#,
            #"{"class_name": "UpSampling2D", "config": {"name": "x", "size": 9223372036854775807}}"#,
            #"{"class_name": "GlobalAveragePooling1D", "config": {"name": "x"}}"#,
            #"{"class_name": "Rescaling", "config": {"name": "x", "scale": [1, 2, 3]}}"#,
            #"{"class_name": "Add", "config": {"name": "x"}}"#,
        ]
    )
    func graphErrors(layer: String) throws {
        let error = #expect(throws: KerasError.self) {
            try SyntheticModel.sequential(layer).read()
        }
        guard case .graph = try #require(error) else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "inputs without sensible lengths are refused",
        arguments: [
            "[null, 0, 8, 4]", "[null, -8, 8, 4]", "[null, 1000000, 1000000, 1000]",
            "[null, 9223372036854775807, 9223372036854775807, 9]", "\"square\"", "[null, 1.5]",
        ]
    )
    func inputs(shape: String) {
        #expect(throws: KerasError.self) {
            try SyntheticModel.sequential(
                input: shape,
                #"{"class_name": "Flatten", "config": {"name": "f"}}"#
            ).read()
        }
    }

    @Test("weights that are missing, too many or of the wrong shape name their layer")
    func wrongWeights() throws {
        let dense = #"{"class_name": "Dense", "config": {"name": "d", "units": 3}}"#
        var model = SyntheticModel.sequential(input: "[null, 2]", dense)
        #expect(
            throws: KerasError.weightCount(layer: "d", className: "Dense", expected: 2, found: 0)
        ) { try model.read() }
        model.weights = [("d", [("kernel", [3, 2]), ("bias", [3])])]
        #expect(
            throws: KerasError.graph(
                .weightMismatch(layer: "d", weight: "kernel", expected: [2, 3], found: [3, 2])
            )
        ) { try model.read() }
        model.weights = [("d", [("kernel", [2, 3]), ("bias", [3]), ("third", [1])])]
        #expect(
            throws: KerasError.weightCount(layer: "d", className: "Dense", expected: 2, found: 3)
        ) { try model.read() }
        model.weights = [("d", [("kernel", [2, 3]), ("bias", [3])])]
        _ = try model.read()
    }

    private func functional(_ layers: String, outputs: String = #"[["b", 0, 0]]"#) -> SyntheticModel
    {
        let input =
            #"{"class_name": "InputLayer", "name": "in", "config": {"batch_shape": [null, 4]}, "inbound_nodes": []}"#
        return SyntheticModel(
            configuration:
                #"{"class_name": "Functional", "config": {"name": "m", "layers": [\#(input), \#(layers)], "input_layers": [["in", 0, 0]], "output_layers": \#(outputs)}}"#
        )
    }

    private func relu(_ name: String, from inputs: String) -> String {
        #"{"class_name": "ReLU", "name": "\#(name)", "config": {"name": "\#(name)"}, "inbound_nodes": [[\#(inputs)]]}"#
    }

    @Test("circles, missing layers, missing calls and equal names are found")
    func badGraphs() throws {
        let circle = relu("a", from: #"["b", 0, 0]"#) + "," + relu("b", from: #"["a", 0, 0]"#)
        #expect(throws: KerasError.cycle(layer: "a")) { try functional(circle).read() }
        #expect(throws: KerasError.cycle(layer: "b")) {
            try functional(relu("b", from: #"["b", 0, 0]"#)).read()
        }
        #expect(throws: KerasError.missingLayer(layer: "b", reference: "z, call 0")) {
            try functional(relu("b", from: #"["z", 0, 0]"#)).read()
        }
        for call in [1, -1, Int.max] {
            #expect(throws: KerasError.missingLayer(layer: "b", reference: "in, call \(call)")) {
                try functional(relu("b", from: #"["in", \#(call), 0]"#)).read()
            }
        }
        let twice = relu("b", from: #"["in", 0, 0]"#)
        #expect(throws: KerasError.duplicateLayer("b")) {
            try functional(twice + "," + twice).read()
        }
        #expect(throws: KerasError.self) {
            try functional(relu("b", from: #"["in", 0, 1]"#)).read()
        }
        #expect(throws: KerasError.self) {
            try functional(relu("b", from: #"["in", 0, 0, {"training": true}]"#)).read()
        }
        #expect(throws: KerasError.self) { try functional(twice, outputs: "[]").read() }
        _ = try functional(twice).read()
    }

    @Test("a chain of 20,000 layers is read without exhausting the stack")
    func longChain() throws {
        var layers: [String] = []
        for index in stride(from: 20_000, to: 0, by: -1) {
            let source = index == 1 ? "in" : "r\(index - 1)"
            layers.append(relu(index == 20_000 ? "b" : "r\(index)", from: #"["\#(source)", 0, 0]"#))
        }
        let network = try functional(layers.joined(separator: ",")).read().network
        #expect(network.nodes.count == 20_001)
    }

    @Test("files that hold no model are told from damaged ones")
    func noModel() throws {
        let weightsOnly = try HDF5File.create()
        try weightsOnly.root.makeGroup("conv2d")
        let error = #expect(throws: KerasError.self) {
            try KerasModel.read(image: try weightsOnly.image())
        }
        guard case .notAModel = try #require(error) else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(throws: KerasError.file(.notHDF5)) {
            try KerasModel.read(image: Array("a picture, not a model".utf8))
        }
        #expect(throws: KerasError.archive(.noEnd)) {
            try KerasModel.read(image: Array("PK\u{3}\u{4} and more".utf8))
        }
        var model = SyntheticModel(configuration: #"{"class_name": "Sequential""#)
        let json = #expect(throws: KerasError.self) { try model.read() }
        guard case .json(let fault) = try #require(json) else {
            Issue.record("\(String(describing: json))")
            return
        }
        #expect(fault.position == 27)
        model.configuration = #"{"class_name": "MyModel", "config": {}}"#
        #expect(throws: KerasError.self) { try model.read() }
    }

    /// Text of fixed length only: libhdf5 1.10 itself crashes on a damaged heap of variable-length text, for which the
    /// worker process is there.
    @Test("flipped bytes give a model or an error, never a trap")
    func damage() throws {
        var model = SyntheticModel.sequential(
            #"{"class_name": "Conv2D", "config": {"name": "c", "filters": 3, "kernel_size": [3, 3], "activation": "relu"}}"#,
            #"{"class_name": "Flatten", "config": {"name": "f"}}"#,
            #"{"class_name": "Dense", "config": {"name": "d", "units": 2}}"#
        )
        model.weights = [
            ("c", [("kernel", [3, 3, 4, 3]), ("bias", [3])]),
            ("d", [("d/kernel", [108, 2]), ("d/bias", [2])]),
        ]
        model.layout = .fixed
        let image = try model.image()
        var state: UInt64 = 11
        for _ in 0..<1000 {
            var damaged = image
            for _ in 0..<4 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                damaged[Int(state >> 33) % image.count] = UInt8(truncatingIfNeeded: state >> 24)
            }
            do throws(KerasError) {
                let model = try KerasModel.read(image: damaged)
                _ = try model.image(replacing: model.network)
            } catch {
                #expect("\(error)" != "")
            }
        }
    }

    @Test("changed digits and words of a real configuration give a model or an error, never a trap")
    func damagedConfiguration() throws {
        let source = try HDF5File(image: try ModelFiles.fixture("assorted-keras3")).root
        let text = Array(try source.attributes.string("model_config").utf8)
        let pieces = [
            "9", "-1", "null", "[]", "{}", "\"x\"", "99999999999999999999", "0", "]", "1e9",
        ]
        var state: UInt64 = 5
        for round in 0..<200 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let start = Int(state >> 33) % text.count
            let digit = text[start...].firstIndex { (48...57).contains($0) } ?? start
            let piece = pieces[round % pieces.count]
            let changed =
                String(decoding: text[..<digit], as: UTF8.self) + piece
                + String(decoding: text[(digit + 1)...], as: UTF8.self)
            let file = try HDF5File.create()
            try file.root.attributes.set("model_config", string: changed)
            try file.root.copy("model_weights", from: source)
            let image = try file.image()
            do throws(KerasError) {
                let model = try KerasModel.read(image: image)
                _ = try model.image(replacing: model.network)
            } catch {
                #expect("\(error)" != "")
            }
        }
    }
}
