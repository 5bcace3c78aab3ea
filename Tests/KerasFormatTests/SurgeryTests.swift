import Foundation
import Graph
import HDF5
import KerasFormat
import Tensors
import Testing

@Suite("Cut networks written into their Keras files")
struct SurgeryTests {
    /// The keys under which a width may change.
    private static let widths: Set<String> = [
        "filters", "units", "groups", "target_shape", "shape", "noise_shape", "input_shape",
        // A nested model's input has the width of what the model is called on.
        "batch_shape", "batch_input_shape", "build_input_shape",
    ]

    @Test(
        "a cut network is read back as it was, and only widths differ in the configuration",
        arguments: ModelFiles.fixtures
    )
    func fixtures(path: String) throws {
        let image = try ModelFiles.bytes(path)
        let model = try KerasModel.read(image: image)
        let cut = try CutModel(model.network).cut
        #expect(cut.cost.parameters < model.network.cost.parameters)
        let written = try model.image(replacing: cut)
        let again = try KerasModel.read(image: written)
        #expect(again.network.layers == cut.layers)
        #expect(again.network.shapes == cut.shapes)
        #expect(try model.image(replacing: cut) == written)

        let before = try HDF5File(image: image).root
        let after = try HDF5File(image: written).root
        let changed = Self.changedKeys(
            try JSONDocument(before.attributes.string("model_config")).root,
            try JSONDocument(after.attributes.string("model_config")).root,
            key: ""
        )
        #expect(changed.isSubset(of: Self.widths))
        #expect(changed.isEmpty == false)
        #expect(try after.attributes.names() == before.attributes.names())
        #expect(try differences(after.group("golden"), before.group("golden")) == [])
        for layer in model.layers {
            for path in layer.weightPaths {
                let type = try before.dataset("model_weights/\(path)").elementType
                #expect(try after.dataset("model_weights/\(path)").elementType == type)
            }
        }
        if try before.kind(of: "optimizer_weights") == nil { #expect(written.count < image.count) }
    }

    private static func changedKeys(
        _ left: JSONValue,
        _ right: JSONValue,
        key: String
    ) -> Set<String> {
        switch (left.content, right.content) {
        case (.object(let mine), .object(let theirs)) where mine.map(\.key) == theirs.map(\.key):
            return zip(mine, theirs).reduce(into: []) {
                $0.formUnion(changedKeys($1.0.value, $1.1.value, key: $1.0.key))
            }
        case (.array(let mine), .array(let theirs)) where mine.count == theirs.count:
            return zip(mine, theirs).reduce(into: []) {
                $0.formUnion(changedKeys($1.0, $1.1, key: key))
            }
        case (.number(let mine), .number(let theirs)): return mine == theirs ? [] : [key]
        default: return left.summary == right.summary ? [] : ["?\(key)"]
        }
    }

    @Test("Keras 3's building shapes follow the widths")
    func buildConfiguration() throws {
        let layers = """
            {"class_name": "Conv2D", "config": {"name": "c", "filters":  6, "kernel_size": [1, 1]}, "build_config": {"input_shape": [null, 8, 8, 4]}},
            {"class_name": "BatchNormalization", "config": {"name": "b"}, "build_config": {"shapes_dict": {"input_shape": [null, 8, 8, 6]}}},
            {"class_name": "GlobalAveragePooling2D", "config": {"name": "p"}},
            {"class_name": "Dense", "config": {"name": "d", "units": 6}, "build_config": {"input_shape": [null, 6]}}
            """
        var file = SyntheticModel.sequential(layers, version: "3.0.0")
        file.weights = [
            ("c", [("kernel", [1, 1, 4, 6]), ("bias", [6])]),
            ("b", [("gamma", [6]), ("beta", [6]), ("mean", [6]), ("variance", [6])]),
            ("d", [("kernel", [6, 6]), ("bias", [6])]),
        ]
        let model = try file.read()
        let written = try model.image(replacing: try CutModel(model.network).cut)
        let expected = file.configuration
            .replacing("\"filters\":  6", with: "\"filters\":  4")
            .replacing("8, 8, 6]", with: "8, 8, 4]").replacing("[null, 6]", with: "[null, 4]")
        #expect(try HDF5File(image: written).root.attributes.string("model_config") == expected)
    }

    @Test("grouped convolutions lose whole groups in the file too")
    func groups() throws {
        let layers = """
            {"class_name": "Conv2D", "config": {"name": "a", "filters": 6, "kernel_size": [1, 1]}},
            {"class_name": "Conv2D", "config": {"name": "g", "filters": 12, "groups": 6, "kernel_size": [1, 1]}},
            {"class_name": "Conv2D", "config": {"name": "z", "filters": 2, "kernel_size": [1, 1]}}
            """
        var file = SyntheticModel.sequential(layers)
        file.weights = [
            ("a", [("kernel", [1, 1, 4, 6]), ("bias", [6])]),
            ("g", [("kernel", [1, 1, 1, 12]), ("bias", [12])]),
            ("z", [("kernel", [1, 1, 12, 2]), ("bias", [2])]),
        ]
        let model = try file.read()
        let written = try model.image(replacing: try CutModel(model.network).cut)
        let text = try HDF5File(image: written).root.attributes.string("model_config")
        #expect(text.contains(#""filters": 8, "groups": 4"#))
    }

    @Test("a network of another model is refused")
    func otherModel() throws {
        let model = try KerasModel.read(image: try ModelFiles.fixture("residual-keras3"))
        let other = try KerasModel.read(image: try ModelFiles.fixture("mobile-keras3"))
        let error = #expect(throws: KerasError.self) {
            try model.image(replacing: other.network)
        }
        guard case .otherModel = try #require(error) else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    private static let exportFolder = ProcessInfo.processInfo.environment["ESPALIER_KERAS_EXPORT"]

    /// Writes what `Tests/Fixtures/generate/models.py check FOLDER` opens with Keras.
    @Test(
        "every model is exported as it was, cut, and silenced",
        .enabled(if: exportFolder != nil, "ESPALIER_KERAS_EXPORT names no folder"),
        arguments: ModelFiles.fixtures + ModelFiles.shared
    )
    func export(path: String) throws {
        let folder = URL(fileURLWithPath: try #require(Self.exportFolder))
        let image = try ModelFiles.bytes(path)
        let model = try KerasModel.read(image: image)
        let cut = try CutModel(model.network)
        let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        for (kind, bytes) in [
            ("original", image), ("same", try model.image(replacing: model.network)),
            ("cut", try model.image(replacing: cut.cut)),
            ("silenced", try model.image(replacing: cut.silenced)),
        ] {
            try Data(bytes).write(to: folder.appending(path: "\(name).\(kind).h5"))
        }
    }
}
