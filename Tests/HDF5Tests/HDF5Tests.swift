import Foundation
import HDF5
import Testing

@Suite("HDF5 files in memory")
struct HDF5FileTests {
    private func reopened(_ file: HDF5File) throws -> HDF5File {
        try HDF5File(image: try file.image())
    }

    @Test("an image written and read back holds the same numbers, bit by bit")
    func floatsReturn() throws {
        let values: [Float] = [0, -0.0, 1.5, .pi, .infinity, .leastNonzeroMagnitude]
        let file = try HDF5File.create()
        let group = try file.root.makeGroup("a/b")
        try group.makeDataset("kernel:0", shape: [2, 3], floats: values)
        let dataset = try reopened(file).root.dataset("a/b/kernel:0")
        #expect(dataset.shape == [2, 3])
        #expect(dataset.elementType == .float32)
        #expect(try dataset.readFloats().map(\.bitPattern) == values.map(\.bitPattern))
        #expect(try dataset.readFloats(rows: 1..<2) == Array(values[3...]))
    }

    @Test(
        "half and double precision are stored as such",
        arguments: [
            HDF5ElementType.float16, .float64,
        ]
    )
    func otherPrecisions(elementType: HDF5ElementType) throws {
        let file = try HDF5File.create()
        try file.root.makeDataset("x", shape: [3], floats: [0.5, -2, 65504], as: elementType)
        let dataset = try reopened(file).root.dataset("x")
        #expect(dataset.elementType == elementType)
        #expect(try dataset.readFloats() == [0.5, -2, 65504])
    }

    @Test("bytes and integers return whole and by rows, compressed or not", arguments: [nil, 4])
    func integersReturn(deflate: Int?) throws {
        let bytes = (0..<6000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let labels: [Int64] = [3, -1, 127, -128]
        let file = try HDF5File.create()
        try file.root.makeDataset("x", shape: [100, 20, 3], bytes: bytes, deflate: deflate)
        try file.root.makeDataset(
            "y",
            shape: [4, 1],
            integers: labels,
            as: .integer(bits: 8, isSigned: true),
            deflate: deflate
        )
        let root = try reopened(file).root
        #expect(try root.childNames() == ["x", "y"])
        #expect(try root.dataset("x").readBytes() == bytes)
        #expect(try root.dataset("x").readBytes(rows: 97..<99) == Array(bytes[5820..<5940]))
        #expect(try root.dataset("x").readFloats(rows: 0..<1) == bytes[..<60].map(Float.init))
        #expect(try root.dataset("y").elementType == .integer(bits: 8, isSigned: true))
        #expect(try root.dataset("y").readIntegers() == labels)
        #expect(try root.dataset("y").readIntegers(rows: 2..<3) == [127])
    }

    @Test(
        "text attributes of both layouts return",
        arguments: [
            HDF5StringLayout.variable, .fixed,
        ]
    )
    func textReturns(layout: HDF5StringLayout) throws {
        let file = try HDF5File.create()
        let names = ["conv2d/kernel:0", "", "na\u{EF}ve", "b"]
        try file.root.attributes.set("names", strings: names, layout: layout)
        try file.root.attributes.set("one", string: "first", layout: layout)
        try file.root.attributes.set("one", string: "again", layout: layout)
        let attributes = try reopened(file).root.attributes
        #expect(try attributes.names() == ["names", "one"])
        #expect(try attributes.strings("names") == names)
        #expect(try attributes.string("one") == "again")
        #expect(try attributes.stringLayout(of: "one") == layout)
        #expect(try attributes.shape(of: "one") == [])
    }

    @Test("an attribute above 64 KiB is stored", arguments: [HDF5StringLayout.variable, .fixed])
    func largeAttribute(layout: HDF5StringLayout) throws {
        let text = String(repeating: "0123456789", count: 50_000)
        let file = try HDF5File.create()
        try file.root.attributes.set("model_config", string: text, layout: layout)
        #expect(try reopened(file).root.attributes.string("model_config") == text)
    }

    @Test("numeric attributes return, and an empty one reads as no strings")
    func numericAttributes() throws {
        let file = try HDF5File.create()
        try file.root.attributes.set("epochs", integers: [1, -2])
        try file.root.attributes.set("rates", floats: [0.1])
        try file.root.attributes.set("weight_names", floats: [])
        let attributes = try reopened(file).root.attributes
        #expect(try attributes.integers("epochs") == [1, -2])
        #expect(try attributes.floats("rates") == [0.1])
        #expect(try attributes.strings("weight_names") == [])
        #expect(try attributes.contains("rates"))
        #expect(try !attributes.contains("absent"))
    }

    @Test("objects and attributes copied from another file are the same there")
    func copies() throws {
        let source = try HDF5File.create()
        let group = try source.root.makeGroup("layer/inner")
        try group.makeDataset("w", shape: [2], floats: [1, 2], as: .float16)
        for (name, layout) in [("v", HDF5StringLayout.variable), ("f", .fixed)] {
            try group.attributes.set(name, strings: ["x", "long text"], layout: layout)
        }
        try group.attributes.set("n", floats: [])
        let target = try HDF5File.create()
        try target.root.copy("layer", from: try reopened(source).root)
        let other = try target.root.makeGroup("other")
        try other.attributes.copyAll(from: group.attributes, except: ["n"])
        let root = try reopened(target).root
        #expect(try root.dataset("layer/inner/w").elementType == .float16)
        #expect(try root.dataset("layer/inner/w").readFloats() == [1, 2])
        for place in ["layer/inner", "other"] {
            let attributes = try root.group(place).attributes
            #expect(try attributes.strings("v") == ["x", "long text"])
            #expect(try attributes.strings("f") == ["x", "long text"])
            #expect(try attributes.stringLayout(of: "f") == .fixed)
        }
        #expect(try root.group("other").attributes.names() == ["f", "v"])
    }

    @Test("a replaced string keeps the layout of its model")
    func stringLikeAnother() throws {
        let source = try HDF5File.create()
        try source.root.attributes.set("c", string: "short", layout: .fixed)
        let target = try HDF5File.create()
        try target.root.attributes.set("c", string: "rather longer", like: source.root.attributes)
        let attributes = try reopened(target).root.attributes
        #expect(try attributes.string("c") == "rather longer")
        #expect(try attributes.stringLayout(of: "c") == .fixed)
    }

    @Test("numbers written like another dataset take its type and attributes")
    func datasetLikeAnother() throws {
        let file = try HDF5File.create()
        try file.root.makeDataset("old", shape: [4], floats: [1, 2, 3, 4], as: .float64)
        let old = try file.root.dataset("old")
        try old.attributes.set("unit", string: "pixel")
        try file.root.makeDataset("new", shape: [2], floats: [5, 6], like: old)
        let new = try reopened(file).root.dataset("new")
        #expect(new.elementType == .float64)
        #expect(try new.readFloats() == [5, 6])
        #expect(try new.attributes.string("unit") == "pixel")
    }

    @Test("equal content gives equal bytes, and images do not share a file")
    func equalBytes() throws {
        func make(_ value: Float) throws -> [UInt8] {
            let file = try HDF5File.create()
            try file.root.makeGroup("g").makeDataset("x", shape: [1], floats: [value])
            try file.root.attributes.set("name", string: "n")
            return try file.image()
        }
        #expect(try make(1) == make(1))
        let one = try HDF5File(image: try make(1))
        let two = try HDF5File(image: try make(2))
        #expect(try one.root.dataset("g/x").readFloats() == [1])
        #expect(try two.root.dataset("g/x").readFloats() == [2])
    }

    @Test("a file on disk written by h5py is read in place")
    func fileOnDisk() throws {
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let path = package.appending(path: "Tests/Fixtures/keras/half-keras2.h5").path
        let root = try HDF5File(readingPath: path).root
        #expect(try root.childNames() == ["golden", "model_weights"])
        #expect(try root.attributes.integers("golden_seed") == [20_240_607])
        let kernel = try root.dataset("model_weights/first/first/kernel:0")
        #expect(kernel.elementType == .float16)
        #expect(kernel.shape == [3, 3, 3, 8])
        let all = try kernel.readFloats()
        #expect(all.allSatisfy { $0 != 0 && abs($0) < 2 })
        #expect(try kernel.readFloats(rows: 2..<3) == Array(all[144...]))
        let image = try HDF5File(image: Array(Data(contentsOf: URL(fileURLWithPath: path)))).root
        #expect(try image.dataset("model_weights/first/first/kernel:0").readFloats() == all)
    }
}
