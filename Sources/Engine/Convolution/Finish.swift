import CKernels
import Graph
import Tensors

/// Where values are cut off: nowhere, or at zero and perhaps a maximum by a rectifier.
struct Clip: Hashable {
    var low: Float
    var high: Float

    /// No value is changed.
    static let none = Clip(low: -.infinity, high: .infinity)

    init(low: Float, high: Float) {
        self.low = low
        self.high = high
    }

    /// The cut of a plain or capped rectifier; other functions have none.
    init?(_ function: Activation) {
        guard case .relu(slope: 0, let maximum, threshold: 0) = function, maximum ?? 1 > 0 else {
            return nil
        }
        self.init(low: 0, high: maximum ?? .infinity)
    }
}

/// What is done to a result before it is stored: bias, a map per channel, an addend of the result's shape, a cut.
struct Finish {
    /// One per channel, or empty.
    var bias: [Float] = []
    /// One per channel each, or empty.
    var map = ChannelMap(scale: [])
    /// A tensor of the result's shape.
    var addend: Tensor?
    /// Where values are cut off.
    var clip = Clip.none

    /// Lends the form the C kernels take; nil where nothing is to be done.
    func withKernelForm<Result>(_ body: (UnsafePointer<espalier_finish>?) -> Result) -> Result {
        if bias.isEmpty, map.scale.isEmpty, addend == nil, clip == .none { return body(nil) }
        return bias.withUnsafeBufferPointer { bias in
            map.scale.withUnsafeBufferPointer { scale in
                map.offset.withUnsafeBufferPointer { offset in
                    withPointer(to: addend) { addend in
                        var form = espalier_finish(
                            bias: bias.isEmpty ? nil : bias.baseAddress,
                            scale: scale.isEmpty ? nil : scale.baseAddress,
                            offset: scale.isEmpty ? nil : offset.baseAddress,
                            addend: addend,
                            low: clip.low,
                            high: clip.high
                        )
                        return withUnsafePointer(to: &form) { body($0) }
                    }
                }
            }
        }
    }
}

/// `x * scale + offset` for each channel.
struct ChannelMap {
    var scale: [Float]
    var offset: [Float]

    /// Makes a map; without an offset it only scales.
    init(scale: [Float], offset: [Float]? = nil) {
        self.scale = scale
        self.offset = offset ?? [Float](repeating: 0, count: scale.count)
    }
}
