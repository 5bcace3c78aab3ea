import Tensors

/// How a tensor with axes of length one is read at the positions of a larger one; missing axes follow the batch.
struct Broadcast {
    /// The larger shape.
    let output: Shape
    /// For each axis of the output, the step in the smaller tensor: 0 where it is broadcast.
    private let steps: [Int]
    private let isIdentity: Bool

    init(_ input: Shape, to output: Shape) {
        self.output = output
        isIdentity = input == output
        var aligned = input.dimensions
        while aligned.count < output.rank { aligned.insert(1, at: 1) }
        var steps = [Int](repeating: 0, count: output.rank)
        var step = 1
        for axis in (0..<output.rank).reversed() {
            steps[axis] = aligned[axis] == 1 ? 0 : step
            step *= aligned[axis]
        }
        self.steps = steps
    }

    /// The number of rows of channels of the output.
    var rows: Int { output.count / max(output.channels, 1) }

    /// The step between neighbours of a row in the smaller tensor: 0 or 1.
    var channelStep: Int { steps.last ?? 0 }

    /// Where a row of the output starts in the smaller tensor.
    func start(ofRow row: Int) -> Int {
        if isIdentity { return row * output.channels }
        var remainder = row
        var start = 0
        for axis in (0..<output.rank - 1).reversed() {
            start += remainder % output[axis] * steps[axis]
            remainder /= output[axis]
        }
        return start
    }

    /// The smaller tensor written out in full.
    func expanded(_ tensor: Tensor) -> Tensor {
        isIdentity
            ? tensor
            : tensor.withUnsafePointer { values in
                channelwise(output) { row, result in
                    let source = values + start(ofRow: row)
                    for channel in 0..<output.channels {
                        result[channel] = source[channel * channelStep]
                    }
                }
            }
    }

    /// The adjoint of ``expanded(_:)``: sums over the broadcast axes, in Float64.
    func collapsed(_ tensor: Tensor, to shape: Shape) -> Tensor {
        if isIdentity { return tensor }
        var sums = [Double](repeating: 0, count: shape.count)
        for row in 0..<rows {
            let start = start(ofRow: row)
            for channel in 0..<output.channels {
                sums[start + channel * channelStep] += Double(
                    tensor[row * output.channels + channel]
                )
            }
        }
        return Tensor(shape, values: sums.map(Float.init))
    }
}
