import Engine
import Graph
import Tensors
import Testing

/// The promise that a large batch, whose first layers are computed for some images after the others, gives the bytes of
/// small ones.
@Suite struct LeadingCallsTests {
    private let side = 40
    private let images = 96

    private func tensor(_ shape: Shape, seed: UInt64) -> Tensor {
        var random = CounterRandom(seed: seed, stage: "test")
        return Tensor(shape, values: (0..<shape.count).map { _ in random.nextUniform() - 0.5 })
    }

    private func convolution(_ name: String, _ from: Int, _ filters: Int, stride: Int = 1) -> Layer
    {
        let window = SlidingWindow(
            size: Size2D(3, 3),
            strides: Size2D(stride, stride),
            padding: .same
        )
        return Layer(
            name: name,
            kind: .convolution2D(
                Convolution2D(filters: filters, window: window, usesBias: false)
            ),
            weights: [tensor([3, 3, from, filters], seed: UInt64(filters + stride))]
        )
    }

    /// A shortcut leads over the end of the leading calls: 0 -> 1 -> 2 -> add(1, 2) -> 4 (half the side) -> pooled.
    private func network() throws -> Network {
        try Network(
            name: "wide",
            layers: [
                Layer(name: "input", kind: .input(InputLayer(shape: [side, side, 3]))),
                convolution("first", 3, 31),
                convolution("second", 31, 31),
                Layer(name: "add", kind: .merge(Merge(.add))),
                convolution("third", 31, 9, stride: 2),
                Layer(name: "pool", kind: .globalPooling2D(GlobalPooling2D(.average))),
            ],
            nodes: [
                Node(layer: 0, inputs: []), Node(layer: 1, inputs: [0]),
                Node(layer: 2, inputs: [1]), Node(layer: 3, inputs: [1, 2]),
                Node(layer: 4, inputs: [3]), Node(layer: 5, inputs: [4]),
            ],
            inputs: [0],
            outputs: [5]
        )
    }

    @Test(
        "every node's value is that of small batches",
        arguments: [[5], [4, 5], [1, 4], [2, 3, 5]]
    )
    func values(wanted: [Int]) throws {
        let inference = Inference(try network())
        let batch = tensor([images, side, side, 3], seed: 1)
        let together = inference.values(of: wanted, inputs: [batch])
        let known = inference.values(of: [1], inputs: [batch])
        let continued = inference.values(of: wanted, inputs: [batch], known: known)
        for first in stride(from: 0, to: images, by: 4) {
            let few = inference.values(of: wanted, inputs: [batch.rows(first..<first + 4)])
            for node in wanted {
                #expect(together[node]?.rows(first..<first + 4) == few[node])
                #expect(continued[node]?.rows(first..<first + 4) == few[node])
            }
        }
    }

    @Test("a batch is shared out where its values would leave the caches, and only there")
    func shares() throws {
        let network = try network()
        let inference = Inference(network)
        let leading = try #require(inference.leadingCalls(for: network.outputs, batch: images))
        #expect(leading.images < images)
        #expect(leading.boundary == network.outputs)
        #expect(inference.leadingCalls(for: network.outputs, batch: leading.images) == nil)
        #expect(inference.leadingCalls(for: [0, 1, 5], batch: images)?.boundary == [1, 5])
    }

    @Test("the shares end before a layer whose bytes depend on the number of images")
    func ends() throws {
        let first = try network()
        let dense = Layer(
            name: "dense",
            kind: .dense(Dense(units: 5, usesBias: false)),
            weights: [tensor([9, 5], seed: 7)]
        )
        let network = try Network(
            name: "dense",
            layers: first.layers + [dense],
            nodes: first.nodes + [Node(layer: 6, inputs: [5])],
            inputs: [0],
            outputs: [6]
        )
        let leading = Inference(network).leadingCalls(for: [6], batch: images)
        #expect(leading?.boundary == [5])
        let known = Inference(network).leadingCalls(for: [6], known: [4], batch: images)
        #expect(known == nil)
    }

    @Test("an input alone is not worth sharing out")
    func inputs() throws {
        let large = try Network(
            name: "pooled",
            layers: [
                Layer(name: "input", kind: .input(InputLayer(shape: [side, side, 64]))),
                Layer(name: "pool", kind: .globalPooling2D(GlobalPooling2D(.average))),
            ],
            nodes: [Node(layer: 0, inputs: []), Node(layer: 1, inputs: [0])],
            inputs: [0],
            outputs: [1]
        )
        #expect(Inference(large).leadingCalls(for: [1], batch: images) == nil)
    }
}
