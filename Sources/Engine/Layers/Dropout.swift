import Graph
import Tensors

/// Noise in training: every kind is a factor and an addend per element, drawn once and kept for the backward pass.
struct DropoutKernel: LayerKernel {
    let layer: Dropout

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let input = inputs[0]
        switch mode {
        case .inference: return LayerOutput(value: input)
        case .training(var random):
            let (factor, addend) = draw(for: input.shape, using: &random)
            var value = input
            value.withUnsafeMutablePointer { values in
                for position in 0..<input.count {
                    values[position] =
                        values[position] * factor[position] + (addend?[position] ?? 0)
                }
            }
            return LayerOutput(value: value, saved: [factor])
        }
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        guard call.needsInputGradient else { return LayerGradients(inputs: []) }
        guard let factor = call.saved.first else { return LayerGradients(inputs: [gradient]) }
        var result = gradient
        result.withUnsafeMutablePointer { values in
            for position in 0..<gradient.count { values[position] *= factor[position] }
        }
        return LayerGradients(inputs: [result])
    }

    private func draw(
        for shape: Shape,
        using random: inout CounterRandom
    ) -> (factor: Tensor, addend: Tensor?) {
        switch layer.noise {
        case .bernoulli(let noiseShape):
            return (bernoulli(shape, sharing: noiseShape ?? [], using: &random), nil)
        case .spatial:
            let shared = (0..<shape.rank).map { $0 == 0 || $0 == shape.rank - 1 ? nil : 1 }
            return (bernoulli(shape, sharing: shared, using: &random), nil)
        case .gaussianNoise(let deviation):
            let addend = (0..<shape.count).map { _ in random.nextNormal() * deviation }
            return (Tensor(shape, repeating: 1), Tensor(shape, values: addend))
        case .gaussianDropout:
            let deviation = (layer.rate / (1 - layer.rate)).squareRoot()
            let factor = (0..<shape.count).map { _ in 1 + random.nextNormal() * deviation }
            return (Tensor(shape, values: factor), nil)
        case .alpha: return alpha(shape, using: &random)
        }
    }

    private func bernoulli(
        _ shape: Shape,
        sharing noiseShape: [Int?],
        using random: inout CounterRandom
    ) -> Tensor {
        var drawn = shape
        for (axis, length) in noiseShape.enumerated() where length == 1 && axis < shape.rank {
            drawn[axis] = 1
        }
        let scale = 1 / (1 - layer.rate)
        let values = (0..<drawn.count).map { _ in random.nextUniform() < layer.rate ? 0 : scale }
        let mask = Tensor(drawn, values: values)
        return drawn == shape ? mask : Broadcast(mask.shape, to: shape).expanded(mask)
    }

    /// Alpha dropout's factor and addend of each element.
    ///
    /// Source: Klambauer et al. 2017, arXiv:1706.02515, section 3 "New Dropout Technique".
    private func alpha(
        _ shape: Shape,
        using random: inout CounterRandom
    ) -> (factor: Tensor, addend: Tensor?) {
        let floor = -seluScale * seluAlpha
        let kept = 1 - layer.rate
        let scale = 1 / (kept + kept * layer.rate * floor * floor).squareRoot()
        let shift = -scale * floor * layer.rate
        var factor = Tensor(shape)
        var addend = Tensor(shape)
        for position in 0..<shape.count {
            let isDropped = random.nextUniform() < layer.rate
            factor[position] = isDropped ? 0 : scale
            addend[position] = isDropped ? scale * floor + shift : shift
        }
        return (factor, addend)
    }
}
