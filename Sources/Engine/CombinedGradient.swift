import CKernels
import Tensors

/// Where a gradient passes a rectifier: where its output is above zero and below the ceiling.
struct Gate {
    /// The output, where it must be read.
    var output: Tensor?
    /// The normalization before the rectifier: from what that read, the output is computed again in less time.
    var map: ChannelMap?
    var ceiling = Float.infinity

    /// Everything passes.
    static let open = Gate()

    var isOpen: Bool { output == nil && map == nil }

    /// Lends the form the C kernels take, the map's coefficients prepared by a closure.
    func withKernelForm(
        _ prepared: ([Float]) -> [Float] = { $0 },
        _ body: (espalier_gate) -> Void
    ) {
        withPointer(to: output) { output in
            guard let map else {
                let form = espalier_gate(
                    output: output,
                    scale: nil,
                    offset: nil,
                    ceiling: ceiling
                )
                return body(form)
            }
            prepared(map.scale).withUnsafeBufferPointer { scale in
                prepared(map.offset).withUnsafeBufferPointer { offset in
                    body(
                        espalier_gate(
                            output: output,
                            scale: scale.baseAddress,
                            offset: offset.baseAddress,
                            ceiling: ceiling
                        )
                    )
                }
            }
        }
    }

    /// Lets a gradient pass, in its own place where nobody else owns it.
    static func pass(_ gradient: inout Tensor, output: Tensor, ceiling: Float) {
        let table = VectorKernels.current.table
        output.withUnsafePointer { values in
            gradient.withUnsafeMutablePointer { gradient in
                forEachRows(of: output.shape) { range in
                    let (first, count) = (range.lowerBound, range.count)
                    let own = gradient + first
                    table.pointee.rectify_gradient(own, values + first, ceiling, count, own)
                }
            }
        }
    }
}

extension espalier_gate {
    /// The gate from an element on.
    func moved(_ place: Int) -> espalier_gate {
        var own = self
        own.output = output.map { $0 + place }
        return own
    }
}

/// A gradient that a normalization hands on, not written out yet: `gradient * a + value * b + c` per channel, the gradient
/// having passed a gate first.
struct CombinedGradient {
    var gradient: Tensor
    /// Whether somebody else reads the gradient too.
    var isShared = false
    /// What the normalization read.
    let value: Tensor
    let onGradient: [Float]
    let onValue: [Float]
    let constant: [Float]
    var gate: Gate

    /// The gradient written out, in the place of what it is made of where nobody else reads that.
    mutating func take() -> Tensor {
        guard !isShared else {
            return gradient.withUnsafePointer { gradient in
                written(value.shape) { write(gradient, into: $0) }
            }
        }
        var own = gradient
        gradient = Tensor([0])
        own.withUnsafeMutablePointer { write($0, into: $0) }
        return own
    }

    private func write(
        _ gradient: UnsafePointer<Float>,
        into result: UnsafeMutablePointer<Float>
    ) {
        let kernels = VectorKernels.current
        let period = RepeatedChannels.period(of: constant.count, kernels: kernels)
        let repeated = { RepeatedChannels($0, kernels: kernels).values }
        withKernelForm(repeated) { form in
            forEachRows(of: value.shape) { range in
                let start = range.lowerBound
                var own = form
                own.x += start
                own.gate = form.gate.moved(start)
                kernels.table.pointee.channel_combination(
                    gradient + start,
                    &own,
                    period,
                    range.count,
                    result + start
                )
            }
        }
    }

    /// Lends the form the C kernels take, coefficients prepared by a closure.
    func withKernelForm(
        _ prepared: ([Float]) -> [Float] = { $0 },
        _ body: (espalier_combination) -> Void
    ) {
        let coefficients = [onGradient, onValue, constant].flatMap(prepared)
        let length = coefficients.count / 3
        coefficients.withUnsafeBufferPointer { coefficients in
            guard let start = coefficients.baseAddress else { return }
            value.withUnsafePointer { value in
                gate.withKernelForm(prepared) { gate in
                    body(
                        espalier_combination(
                            x: value,
                            on_gradient: start,
                            on_value: start + length,
                            constant: start + 2 * length,
                            gate: gate
                        )
                    )
                }
            }
        }
    }
}

/// The sums of `dy` and of `dy (x - center)` over all rows, each [C], `dy` having passed a gate.
///
/// - Parameters:
///   - gradient: dy; what passed the gate takes its place where that is wanted.
///   - input: x.
///   - gate: The gate.
///   - keepsPassed: Whether what passed the gate is wanted.
///   - center: One value per channel.
/// - Returns: Both sums.
func productSums(
    _ gradient: inout Tensor,
    _ input: Tensor,
    passing gate: Gate,
    keepsPassed: Bool = false,
    center: [Float]
) -> (gradients: [Double], products: [Double]) {
    let sums =
        keepsPassed
        ? gradient.withUnsafeMutablePointer {
            productSums($0, input, gate: gate, center: center, passed: $0)
        }
        : gradient.withUnsafePointer {
            productSums($0, input, gate: gate, center: center, passed: nil)
        }
    let (width, padded) = (center.count, sums.count / 2)
    return (Array(sums[..<width]), Array(sums[padded..<padded + width]))
}

private func productSums(
    _ gradients: UnsafePointer<Float>,
    _ input: Tensor,
    gate: Gate,
    center: [Float],
    passed: UnsafeMutablePointer<Float>?
) -> [Double] {
    let kernels = VectorKernels.current
    let width = center.count
    let padded = kernels.padded(width)
    var result: [Double] = []
    input.withUnsafePointer { values in
        gate.withKernelForm { gate in
            result = rowSums(rows: input.count / width, width: 2 * padded) { rows, sums in
                let start = rows.lowerBound * width
                var own = gate.moved(start)
                kernels.table.pointee.channel_products(
                    gradients + start,
                    &own,
                    values + start,
                    Int32(rows.count),
                    Int32(width),
                    center,
                    passed.map { $0 + start },
                    sums,
                    sums + padded
                )
            }
        }
    }
    return result
}
