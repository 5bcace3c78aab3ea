import Graph
import Tensors

/// What a policy knows of a group before anything is cut: the first layer that makes its channels.
public struct PolicyLayer: Sendable, Hashable, Codable {
    /// Whether the layer is a matrix product, not a convolution.
    public var isDense: Bool
    /// The units of the group.
    public var outputs: Int
    /// The channels the layer reads.
    public var inputs: Int
    /// The height of the image the layer reads.
    public var height: Int
    /// The width of that image.
    public var width: Int
    /// The vertical stride.
    public var stride: Int
    /// The height of the window.
    public var kernel: Int
    /// The weights of all layers that make the group.
    public var weights: Int
    /// The multiply-accumulates of all layers that make the group.
    public var macs: Int

    /// Makes a description.
    public init(
        isDense: Bool = false,
        outputs: Int,
        inputs: Int,
        height: Int,
        width: Int,
        stride: Int = 1,
        kernel: Int = 3,
        weights: Int,
        macs: Int
    ) {
        self.isDense = isDense
        self.outputs = outputs
        self.inputs = inputs
        self.height = height
        self.width = width
        self.stride = stride
        self.kernel = kernel
        self.weights = weights
        self.macs = macs
    }

    /// Describes a group of a network.
    public init(_ group: CoupledGroup, of network: Network) {
        let calls = network.calls
        var (weights, macs) = (0, 0)
        for layer in group.producers {
            let counts = network.layers[layer].weights.map(\.count)
            weights += counts.reduce(0, +)
            for call in calls[layer] {
                let uses = network.layers[layer].kind.rule.uses(
                    inputs: network.inputShapes(of: call),
                    output: network.shapes[call]
                )
                macs += zip(counts, uses).reduce(0) { $0 + $1.0 * $1.1 }
            }
        }
        let first = group.producers.first ?? 0
        let shape = calls[first].first.flatMap { network.inputShapes(of: $0).first } ?? [1]
        let window = network.layers[first].kind.window
        self.init(
            isDense: window == nil,
            outputs: group.width,
            inputs: shape.channels,
            height: shape.rank == 3 ? shape[0] : 1,
            width: shape.rank == 3 ? shape[1] : 1,
            stride: window?.strides.height ?? 1,
            kernel: window?.size.height ?? 1,
            weights: weights,
            macs: macs
        )
    }

    /// The numbers of the state that stand still.
    var columns: [Double] {
        [isDense ? 1 : 0]
            + [outputs, inputs, height, width, stride, kernel, weights, macs]
            .map(Double.init)
    }
}

extension LayerKind {
    /// The window of a convolution.
    fileprivate var window: SlidingWindow? {
        switch self {
        case .convolution2D(let layer): layer.window
        case .depthwiseConvolution2D(let layer): layer.window
        case .transposedConvolution2D(let layer): layer.window
        default: nil
        }
    }
}
