import Graph
import HDF5
import KerasFormat
import Testing

@Suite("Keras files written back")
struct RoundTripTests {
    private func check(_ path: String) throws {
        let image = try ModelFiles.bytes(path)
        let model = try KerasModel.read(image: image)
        let written = try model.image(replacing: model.network)
        let before = try HDF5File(image: image).root
        let after = try HDF5File(image: written).root
        let expected =
            try before.kind(of: "optimizer_weights") == nil ? [] : ["/: children"]
        #expect(try differences(after, before) == expected)
        #expect(try after.kind(of: "optimizer_weights") == nil)
        let again = try KerasModel.read(image: written)
        #expect(again.network.layers == model.network.layers)
        #expect(try again.image(replacing: again.network) == written)
    }

    @Test(
        "a fixture with nothing changed is the same but for the optimizer's state",
        arguments: ModelFiles.fixtures
    )
    func fixtures(path: String) throws {
        try check(path)
    }

    @Test(
        "a stranger's model with nothing changed is the same but for the optimizer's state",
        .enabled(if: !ModelFiles.shared.isEmpty, "no ../shared/models and no ESPALIER_SHARED"),
        arguments: ModelFiles.shared
    )
    func strangers(path: String) throws {
        try check(path)
    }

    @Test("there are fixtures of both generations of Keras")
    func fixturesExist() {
        #expect(ModelFiles.fixtures.count { $0.hasSuffix("-keras2.h5") } == 12)
        #expect(ModelFiles.fixtures.count { $0.hasSuffix("-keras3.h5") } == 12)
    }
}
