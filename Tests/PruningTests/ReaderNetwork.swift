import Graph
import Tensors

/// How the five channels of the convolution `made` are read; what multiplies them by a kernel is called `reader`.
enum ReaderNetwork: String, CaseIterable {
    case same, valid, strided, dilated, pointwise, dense, several, pooled, grouped, depthwise
    case concatenated

    func network() throws -> Network {
        var builder = NetworkBuilder(input: [8, 8, 3])
        let made = builder.convolution("made", 0, self == .grouped ? 10 : 5)
        let node = builder.relu("relu", builder.normalization("bn", made))
        let output = read(node, in: &builder)
        return try builder.network(output: output)
    }

    private func read(_ node: Int, in builder: inout NetworkBuilder) -> Int {
        switch self {
        case .same: return builder.convolution("reader", node, 4)
        case .valid: return builder.convolution("reader", node, 4, padding: .valid)
        case .strided: return builder.convolution("reader", node, 4, stride: 2)
        case .dilated: return builder.convolution("reader", node, 4, dilation: 2)
        case .pointwise: return builder.convolution("reader", node, 4, size: 1)
        case .dense:
            let flat = builder.add("flat", .flatten(Flatten()), reading: [node], channels: 320)
            return builder.dense("reader", flat, 320, 4)
        case .several:
            let left = builder.convolution("reader", node, 4)
            let right = builder.convolution("other", node, 4, size: 1)
            return builder.add("add", .merge(Merge(.add)), reading: [left, right])
        case .pooled:
            let window = SlidingWindow(size: Size2D(2, 2), strides: Size2D(2, 2))
            let pool = Pooling2D(.maximum, window: window)
            let pooled = builder.add("pool", .pooling2D(pool), reading: [node])
            return builder.convolution("reader", pooled, 4)
        case .grouped:
            // Five groups of two channels: whole groups go, and what reads them reads two channels of each.
            let grouped = builder.grouped("grouped", node, groups: 5)
            return builder.convolution("reader", builder.relu("relu2", grouped), 4, stride: 2)
        case .depthwise:
            let deep = builder.depthwise("deep", node, multiplier: 2)
            return builder.convolution("reader", deep, 4)
        case .concatenated:
            let other = builder.convolution("beside", 0, 3)
            let both = builder.add(
                "both",
                .concatenate(Concatenate()),
                reading: [other, node],
                channels: 8
            )
            return builder.convolution("reader", both, 4, padding: .valid)
        }
    }
}
