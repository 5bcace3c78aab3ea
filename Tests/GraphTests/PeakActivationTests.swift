import Graph
import Tensors
import Testing

@Suite struct PeakActivationTests {
    private func network(_ nodes: [Node], outputs: [Int]) throws -> Network {
        let layers = [
            Layer(name: "in", kind: .input(InputLayer(shape: [4, 4, 2]))),
            Layer(name: "a", kind: .activation(.relu())),
            Layer(name: "b", kind: .activation(.relu())),
            Layer(name: "sum", kind: .merge(Merge(.add))),
        ]
        return try Network(
            name: "test",
            layers: layers,
            nodes: nodes,
            inputs: [0],
            outputs: outputs
        )
    }

    @Test("a chain holds an output and its input at a time, whatever its length")
    func chain() throws {
        let network = try network(
            [Node(layer: 0, inputs: []), Node(layer: 1, inputs: [0]), Node(layer: 2, inputs: [1])],
            outputs: [2]
        )
        #expect(network.activationElements == 3 * 32)
        #expect(network.peakActivationElements == 2 * 32)
    }

    @Test("a skipped output is held until its last reader, and an output to the end")
    func skip() throws {
        let nodes = [
            Node(layer: 0, inputs: []), Node(layer: 1, inputs: [0]), Node(layer: 2, inputs: [1]),
            Node(layer: 3, inputs: [0, 2]),
        ]
        #expect(try network(nodes, outputs: [3]).peakActivationElements == 3 * 32)
        #expect(try network(nodes, outputs: [1, 3]).peakActivationElements == 4 * 32)
    }
}
