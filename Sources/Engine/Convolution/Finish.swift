import CKernels
import Tensors

/// What is done to a result before it is stored: bias, then an addend of the result's shape, then ReLU.
struct Finish {
    /// One per channel, or empty.
    var bias: [Float] = []
    /// A tensor of the result's shape.
    var addend: Tensor?
    /// Whether negative values become zero.
    var rectifies = false

    /// Lends the form the C kernels take; nil where nothing is to be done.
    func withKernelForm<Result>(_ body: (UnsafePointer<espalier_finish>?) -> Result) -> Result {
        if bias.isEmpty, addend == nil, !rectifies { return body(nil) }
        func lend(_ addend: UnsafePointer<Float>?) -> Result {
            bias.withUnsafeBufferPointer { bias in
                var form = espalier_finish(
                    bias: bias.isEmpty ? nil : bias.baseAddress,
                    addend: addend,
                    rectifies: rectifies ? 1 : 0
                )
                return withUnsafePointer(to: &form) { body($0) }
            }
        }
        guard let addend else { return lend(nil) }
        return addend.withUnsafePointer { lend($0) }
    }
}
