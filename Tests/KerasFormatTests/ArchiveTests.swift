import Graph
import HDF5
import KerasFormat
import Testing

@Suite("Keras 3's own archives")
struct ArchiveTests {
    @Test("there is an archive beside every model of Keras 3")
    func archivesExist() {
        #expect(
            ModelFiles.archives.map { $0.replacing(".keras", with: ".h5") }
                == ModelFiles.fixtures.filter { $0.hasSuffix("-keras3.h5") }
        )
    }

    @Test("an archive holds the network of the older format", arguments: ModelFiles.archives)
    func sameNetwork(path: String) throws {
        let archive = try KerasModel.read(image: ModelFiles.bytes(path))
        let legacy = try KerasModel.read(
            image: ModelFiles.bytes(path.replacing(".keras", with: ".h5"))
        )
        #expect(archive.format == .archive)
        #expect(archive.network.layers.map(\.kind) == legacy.network.layers.map(\.kind))
        #expect(archive.network.layers.map(\.weights) == legacy.network.layers.map(\.weights))
        #expect(archive.network.nodes == legacy.network.nodes)
        #expect(archive.network.outputs == legacy.network.outputs)
    }

    @Test(
        "an archive with nothing changed has every entry's bytes, but for the optimizer's state",
        arguments: ModelFiles.archives
    )
    func roundTrip(path: String) throws {
        let image = try ModelFiles.bytes(path)
        let model = try KerasModel.read(image: image)
        let before = try ZipArchive(image, limit: 1 << 30)
        let written = try model.image(replacing: model.network)
        let after = try ZipArchive(written, limit: 1 << 30)
        #expect(before.entries.map(\.name) == after.entries.map(\.name))
        for (old, new) in zip(before.entries, after.entries) where !old.name.hasSuffix(".h5") {
            #expect(old.bytes == new.bytes, "\(old.name)")
        }
        let weights = try HDF5File(image: #require(before["model.weights.h5"])).root
        let found = try differences(
            HDF5File(image: #require(after["model.weights.h5"])).root,
            weights
        )
        #expect(found == (try weights.childNames().contains("optimizer") ? ["/: children"] : []))
        #expect(try KerasModel.read(image: written).network.layers == model.network.layers)
    }

    @Test("a cut archive is read back as it was cut", arguments: ModelFiles.archives)
    func cut(path: String) throws {
        let model = try KerasModel.read(image: ModelFiles.bytes(path))
        let cut = try CutModel(model.network).cut
        #expect(cut.cost.parameters < model.network.cost.parameters)
        let again = try KerasModel.read(image: model.image(replacing: cut))
        #expect(again.format == .archive)
        #expect(again.network.layers == cut.layers)
        #expect(again.network.shapes == cut.shapes)
    }

    @Test("every golden model comes back whole, and cut", arguments: ModelFiles.golden)
    func golden(path: String) throws {
        let image = try HDF5File(image: ModelFiles.bytes(path)).root.dataset("model").readBytes()
        let model = try KerasModel.read(image: image)
        let same = try model.image(replacing: model.network)
        #expect(try differences(HDF5File(image: same).root, HDF5File(image: image).root) == [])
        let cut = try CutModel(model.network).cut
        let again = try KerasModel.read(image: model.image(replacing: cut))
        #expect(again.network.layers == cut.layers)
        #expect(again.network.shapes == cut.shapes)
    }
}
