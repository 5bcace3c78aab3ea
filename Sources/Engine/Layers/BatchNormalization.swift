import Graph
import Tensors

/// Normalization per channel; training leaves means and inverse deviations for the backward pass.
struct BatchNormalizationKernel: LayerKernel {
    let layer: BatchNormalization

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        forward(inputs[0], weights: weights, mode: mode, addend: nil, clip: .none)
    }

    /// The normalization with what follows it done before each value is stored; where who reads the value does that, there
    /// is none.
    func forward(
        _ input: Tensor,
        weights: [Tensor],
        mode: ExecutionMode,
        addend: Tensor?,
        clip: Clip,
        moments known: BatchMoments? = nil,
        isDoneOnReading: Bool = false
    ) -> LayerOutput {
        guard mode.isTraining else {
            let map = movingMap(weights: weights)
            return LayerOutput(value: linear(input, map, addend: addend, clip: clip))
        }
        let moments = known ?? channelMoments(input)
        let inverse = inverseDeviation(moments.variance)
        let shape = Shape([moments.mean.count])
        let map = map(mean: moments.mean, inverse: inverse, weights: weights)
        return LayerOutput(
            value: isDoneOnReading
                ? Tensor([0]) : linear(input, map, addend: addend, clip: clip),
            saved: [
                Tensor(shape, values: moments.mean.map(Float.init)),
                Tensor(shape, values: inverse.map(Float.init)),
                Tensor(shape, values: map.scale),
                Tensor(shape, values: map.offset),
            ],
            moments: moments
        )
    }

    /// What the layer does by its moving statistics.
    func movingMap(weights: [Tensor]) -> ChannelMap {
        let variance = weights[layer.movingMeanIndex + 1].values.map(Double.init)
        return map(
            mean: weights[layer.movingMeanIndex].values.map(Double.init),
            inverse: inverseDeviation(variance),
            weights: weights
        )
    }

    private func inverseDeviation(_ variance: [Double]) -> [Double] {
        variance.map { 1 / ($0 + Double(layer.epsilon)).squareRoot() }
    }

    private func gamma(_ weights: [Tensor], width: Int) -> [Float] {
        layer.gammaIndex.map { weights[$0].values } ?? [Float](repeating: 1, count: width)
    }

    private func map(mean: [Double], inverse: [Double], weights: [Tensor]) -> ChannelMap {
        let width = mean.count
        let gamma = gamma(weights, width: width)
        let beta =
            layer.betaIndex.map { weights[$0].values } ?? [Float](repeating: 0, count: width)
        var map = ChannelMap(scale: [Float](repeating: 0, count: width))
        for channel in 0..<width {
            let factor = inverse[channel] * Double(gamma[channel])
            map.scale[channel] = Float(factor)
            map.offset[channel] = Float(Double(beta[channel]) - mean[channel] * factor)
        }
        return map
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard hasBatchStatistics(call) else { return frozenBackward(gradient, call: call) }
        var own = gradient
        var (combined, weights) = trainedBackward(&own, call: call, passing: .open)
        guard call.needsInputGradient else { return LayerGradients(inputs: [], weights: weights) }
        combined.isShared = true
        return LayerGradients(inputs: [combined.take()], weights: weights)
    }

    /// Whether a call normalized by the batch and left its means, inverse deviations, scales and offsets.
    func hasBatchStatistics(_ call: RecordedCall) -> Bool { call.saved.count == 4 }

    /// The gate of a rectifier right behind a call.
    func gate(behind call: RecordedCall, ceiling: Float) -> Gate {
        let map = ChannelMap(scale: call.saved[2].values, offset: call.saved[3].values)
        return Gate(map: map, ceiling: ceiling)
    }

    /// The gradient of the input, not written out, and those of the weights.
    func trainedBackward(
        _ gradient: inout Tensor,
        call: RecordedCall,
        passing gate: Gate,
        keepsPassed: Bool = false
    ) -> (input: CombinedGradient, weights: [Tensor?]) {
        let width = gradient.shape.channels
        let gamma = gamma(call.weights, width: width)
        let (mean, inverse) = (call.saved[0].values, call.saved[1].values)
        let rows = Double(gradient.count / width)
        let sums = productSums(
            &gradient,
            call.inputs[0],
            passing: gate,
            keepsPassed: keepsPassed,
            center: mean
        )
        let sumOfGradients = sums.gradients
        let sumOfProducts = (0..<width).map { sums.products[$0] * Double(inverse[$0]) }
        // dx = gamma inv (dy - mean(dy) - xhat mean(dy xhat)), one linear map of dy and x per channel.
        let factors = (0..<width).map { Double(gamma[$0]) * Double(inverse[$0]) }
        let slopes = (0..<width).map {
            -factors[$0] * Double(inverse[$0]) * sumOfProducts[$0] / rows
        }
        let constants = (0..<width).map {
            -factors[$0] * sumOfGradients[$0] / rows - slopes[$0] * Double(mean[$0])
        }
        return (
            CombinedGradient(
                gradient: gradient,
                value: call.inputs[0],
                onGradient: factors.map(Float.init),
                onValue: slopes.map(Float.init),
                constant: constants.map(Float.init),
                gate: keepsPassed ? .open : gate
            ),
            weightGradients(scale: sumOfProducts, offset: sumOfGradients)
        )
    }

    /// A frozen layer normalizes by its moving statistics in training too: a linear map.
    private func frozenBackward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        let width = gradient.shape.channels
        let gamma = gamma(call.weights, width: width)
        let moving = call.weights[layer.movingMeanIndex]
        let variance = call.weights[layer.movingMeanIndex + 1].values.map(Double.init)
        let inverse = inverseDeviation(variance).map(Float.init)
        var own = gradient
        let sums = productSums(&own, call.inputs[0], passing: .open, center: moving.values)
        let scale = (0..<width).map { gamma[$0] * inverse[$0] }
        return LayerGradients(
            inputs: [linear(gradient, ChannelMap(scale: scale))],
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
