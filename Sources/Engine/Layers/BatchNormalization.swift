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
        let moments = channelMoments(input)
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
        let sums = productSums(gradient, call.inputs[0], passing: nil, center: mean)
        let sumOfGradients = sums.gradients
        let sumOfProducts = (0..<width).map { sums.products[$0] * Double(inverse[$0]) }
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
            passing: nil,
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
        let sums = productSums(gradient, call.inputs[0], passing: nil, center: moving.values)
        let scale = (0..<width).map { gamma[$0] * inverse[$0] }
        return LayerGradients(
            inputs: [linear(gradient, scale: scale, offset: [Float](repeating: 0, count: width))],
            weights: weightGradients(
                scale: (0..<width).map { sums.products[$0] * Double(inverse[$0]) },
                offset: sums.gradients
            )
        )
    }

    private func weightGradients(scale: [Double], offset: [Double]) -> [Tensor?] {
        let shape = Shape([scale.count])
        return (layer.scales ? [Tensor(shape, values: scale.map(Float.init))] : [])
            + (layer.centers ? [Tensor(shape, values: offset.map(Float.init))] : []) + [nil, nil]
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
