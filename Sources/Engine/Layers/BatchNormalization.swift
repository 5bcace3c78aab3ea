import Graph
import Tensors

/// Normalization per channel; training leaves means and inverse deviations for the backward pass.
struct BatchNormalizationKernel: LayerKernel {
    let layer: BatchNormalization

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let input = inputs[0]
        guard mode.isTraining else {
            let mean = weights[layer.movingMeanIndex].values.map(Double.init)
            let variance = weights[layer.movingMeanIndex + 1].values.map(Double.init)
            return LayerOutput(
                value: normalized(
                    input,
                    mean: mean,
                    inverse: inverseDeviation(variance),
                    weights: weights
                )
            )
        }
        let moments = moments(of: input)
        let inverse = inverseDeviation(moments.variance)
        let shape = Shape([moments.mean.count])
        return LayerOutput(
            value: normalized(input, mean: moments.mean, inverse: inverse, weights: weights),
            saved: [
                Tensor(shape, values: moments.mean.map(Float.init)),
                Tensor(shape, values: inverse.map(Float.init)),
            ],
            moments: moments
        )
    }

    private func inverseDeviation(_ variance: [Double]) -> [Double] {
        variance.map { 1 / ($0 + Double(layer.epsilon)).squareRoot() }
    }

    private func moments(of input: Tensor) -> BatchMoments {
        let width = input.shape.channels
        let rows = input.count / width
        let mean = columnSums(input).map { $0 / Double(rows) }
        let squares = input.withUnsafePointer { values in
            rowSums(rows: rows, width: width) { rows, sums in
                for row in rows {
                    let start = values + row * width
                    for column in 0..<width {
                        let difference = Double(start[column]) - mean[column]
                        sums[column] += difference * difference
                    }
                }
            }
        }
        return BatchMoments(
            count: rows,
            mean: mean,
            variance: squares.map { $0 / Double(rows) }
        )
    }

    private func gamma(_ weights: [Tensor], width: Int) -> [Float] {
        layer.gammaIndex.map { weights[$0].values } ?? [Float](repeating: 1, count: width)
    }

    private func normalized(
        _ input: Tensor,
        mean: [Double],
        inverse: [Double],
        weights: [Tensor]
    ) -> Tensor {
        let width = input.shape.channels
        let gamma = gamma(weights, width: width)
        let beta =
            layer.betaIndex.map { weights[$0].values } ?? [Float](repeating: 0, count: width)
        var scale = [Float](repeating: 0, count: width)
        var offset = scale
        for channel in 0..<width {
            let factor = inverse[channel] * Double(gamma[channel])
            scale[channel] = Float(factor)
            offset[channel] = Float(Double(beta[channel]) - mean[channel] * factor)
        }
        return linear(input, scale: scale, offset: offset)
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        let width = gradient.shape.channels
        let gamma = gamma(call.weights, width: width)
        guard call.saved.count == 2 else { return frozenBackward(gradient, call: call) }
        let (mean, inverse) = (call.saved[0].values, call.saved[1].values)
        let rows = gradient.count / width
        let sums = productSums(gradient, call.inputs[0], mean: mean, inverse: inverse)
        let (sumOfGradients, sumOfProducts) = (Array(sums[..<width]), Array(sums[width...]))
        // dx = gamma inv (dy - mean(dy) - xhat mean(dy xhat)), one linear map of dy and x per channel.
        var onGradient = [Float](repeating: 0, count: width)
        var onInput = onGradient
        var constant = onGradient
        for channel in 0..<width {
            let factor = Double(gamma[channel]) * Double(inverse[channel])
            let slope = -factor * Double(inverse[channel]) * sumOfProducts[channel] / Double(rows)
            let offset = -factor * sumOfGradients[channel] / Double(rows)
            onGradient[channel] = Float(factor)
            onInput[channel] = Float(slope)
            constant[channel] = Float(offset - slope * Double(mean[channel]))
        }
        let result = combination(
            gradient,
            call.inputs[0],
            first: onGradient,
            second: onInput,
            constant: constant
        )
        return LayerGradients(
            inputs: [result],
            weights: weightGradients(scale: sumOfProducts, offset: sumOfGradients)
        )
    }

    /// A frozen layer normalizes by its moving statistics in training too: a linear map.
    private func frozenBackward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        let width = gradient.shape.channels
        let gamma = gamma(call.weights, width: width)
        let moving = call.weights[layer.movingMeanIndex]
        let variance = call.weights[layer.movingMeanIndex + 1].values.map(Double.init)
        let inverse = inverseDeviation(variance).map(Float.init)
        let sums = productSums(gradient, call.inputs[0], mean: moving.values, inverse: inverse)
        let scale = (0..<width).map { gamma[$0] * inverse[$0] }
        return LayerGradients(
            inputs: [linear(gradient, scale: scale, offset: [Float](repeating: 0, count: width))],
            weights: weightGradients(
                scale: Array(sums[width...]),
                offset: Array(sums[..<width])
            )
        )
    }

    private func weightGradients(scale: [Double], offset: [Double]) -> [Tensor?] {
        let shape = Shape([scale.count])
        return (layer.scales ? [Tensor(shape, values: scale.map(Float.init))] : [])
            + (layer.centers ? [Tensor(shape, values: offset.map(Float.init))] : []) + [nil, nil]
    }

    /// The sums of `dy` and of `dy xhat` over all rows, one after the other.
    private func productSums(
        _ gradient: Tensor,
        _ input: Tensor,
        mean: [Float],
        inverse: [Float]
    ) -> [Double] {
        let width = gradient.shape.channels
        return gradient.withUnsafePointer { gradients in
            input.withUnsafePointer { values in
                rowSums(rows: gradient.count / width, width: 2 * width) { rows, sums in
                    for row in rows {
                        let (dy, x) = (gradients + row * width, values + row * width)
                        for column in 0..<width {
                            let normal = (x[column] - mean[column]) * inverse[column]
                            sums[column] += Double(dy[column])
                            sums[width + column] += Double(dy[column] * normal)
                        }
                    }
                }
            }
        }
    }
}

/// `x * scale + offset` per channel.
func linear(_ input: Tensor, scale: [Float], offset: [Float]) -> Tensor {
    let width = scale.count
    return input.withUnsafePointer { values in
        channelwise(input.shape) { row, result in
            let source = values + row * width
            for column in 0..<width {
                result[column] = source[column] * scale[column] + offset[column]
            }
        }
    }
}

/// `first * a + second * b + constant` per channel.
private func combination(
    _ left: Tensor,
    _ right: Tensor,
    first: [Float],
    second: [Float],
    constant: [Float]
) -> Tensor {
    let width = first.count
    return left.withUnsafePointer { left in
        right.withUnsafePointer { values in
            channelwise(right.shape) { row, result in
                let (a, b) = (left + row * width, values + row * width)
                for column in 0..<width {
                    result[column] =
                        a[column] * first[column] + b[column] * second[column] + constant[column]
                }
            }
        }
    }
}

/// Makes a tensor row of channels by row of channels on all threads.
func channelwise(
    _ shape: Shape,
    _ body: (Int, UnsafeMutablePointer<Float>) -> Void
) -> Tensor {
    let width = shape.channels
    return Tensor(
        shape,
        unsafeUninitialized: { buffer in
            guard let result = buffer.baseAddress else { return }
            let pieces = chunks(
                of: max(1, (1 << 15) / max(width, 1)),
                covering: buffer.count / width
            )
            ThreadPool.shared.forEach(pieces.count) { piece in
                for row in pieces[piece] { body(row, result + row * width) }
            }
        }
    )
}
