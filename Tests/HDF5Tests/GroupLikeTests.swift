import HDF5
import Testing

@Suite struct GroupLikeTests {
    @Test("a group made like one with many links holds its own children, in another file too")
    func manyLinks() throws {
        let first = try HDF5File.create()
        let model = try first.root.makeGroup("model")
        for index in 0..<40 {
            try model.makeDataset("d\(index)", shape: [1], floats: [Float(index)])
        }
        let source = try HDF5File(image: try first.image())
        let second = try HDF5File.create()
        let made = try second.root.makeGroup("made", like: try source.root.group("model"))
        #expect(try made.childNames().isEmpty)
        for index in 0..<40 {
            try made.makeDataset("e\(index)", shape: [1], floats: [Float(-index)])
        }
        let again = try HDF5File(image: try second.image())
        let names = try again.root.group("made").childNames()
        #expect(Set(names) == Set((0..<40).map { "e\($0)" }))
        #expect(try again.root.dataset("made/e39").readFloats() == [-39])
    }
}
