import Engine
import Graph
import Tensors
import Testing

@Suite struct PatchRowsTests {
    @Test(
        "sampled pixels fall on every column of an image, whatever its width",
        arguments: [8, 32, 56]
    )
    func columns(width: Int) {
        let pixels = width * width * 64
        let step = PatchRows.step(toTake: pixels / 64, of: pixels)
        let columns = Set(stride(from: 0, to: pixels, by: step).map { $0 % width })
        #expect(columns.count == width)
    }

    @Test("patch rows times the kernel are the convolution's outputs at their positions")
    func rows() throws {
        var random = CounterRandom(seed: 2, stage: "rows")
        func normal(_ shape: Shape) -> Tensor {
            Tensor(shape, values: (0..<shape.count).map { _ in random.nextNormal() })
        }
        let kind = LayerKind.convolution2D(
            Convolution2D(
                filters: 4,
                window: SlidingWindow(
                    size: Size2D(3, 3),
                    strides: Size2D(2, 1),
                    padding: .same
                ),
                usesBias: false
            )
        )
        let kernel = normal([3, 3, 2, 4])
        let network = try Network(
            name: "one",
            layers: [
                Layer(name: "input", kind: .input(InputLayer(shape: [7, 6, 2]))),
                Layer(name: "convolution", kind: kind, weights: [kernel]),
            ],
            nodes: [Node(layer: 0, inputs: []), Node(layer: 1, inputs: [0])],
            inputs: [0],
            outputs: [1]
        )
        let input = normal([3, 7, 6, 2])
        let output = network.predict([input])[0]
        let rows = try #require(PatchRows(of: kind, input: input, step: 5))
        for (row, position) in rows.positions.enumerated() {
            for filter in 0..<4 {
                let product = (0..<rows.depth).reduce(0.0) {
                    $0 + rows.values[row * rows.depth + $1] * Double(kernel[$1 * 4 + filter])
                }
                #expect(abs(product - Double(output[position * 4 + filter])) < 1e-4)
            }
        }
    }
}
