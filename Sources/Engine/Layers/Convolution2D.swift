import CKernels
import Graph
import Tensors

/// Convolution by the algorithm that suits its shape, which depends on nothing else.
struct Convolution2DKernel: LayerKernel {
    let layer: Convolution2D

    /// The ways to compute a convolution, best first.
    private enum Algorithm {
        case winograd(WinogradConvolution)
        case taps(TapConvolution)
        case patches(PatchConvolution)
    }

    private func algorithm(_ lengths: ConvolutionLengths) -> Algorithm {
        let kernels = VectorKernels.current
        if let winograd = WinogradConvolution(layer, lengths: lengths, kernels: kernels) {
            return .winograd(winograd)
        }
        if let taps = TapConvolution(layer, lengths: lengths, kernels: kernels) {
            return .taps(taps)
        }
        return .patches(PatchConvolution(layer, lengths: lengths, kernels: kernels))
    }

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let finish = Finish(bias: layer.usesBias ? weights[1].values : [])
        return LayerOutput(value: forward(inputs[0], filters: weights[0], finish: finish))
    }

    /// The convolution with what follows it done before each value is stored.
    func forward(_ input: Tensor, filters: Tensor, finish: Finish) -> Tensor {
        let lengths = ConvolutionLengths(layer, input: input.shape)
        let algorithm = algorithm(lengths)
        return input.withUnsafePointer { images in
            filters.withUnsafePointer { filters in
                written(lengths.output) { output in
                    switch algorithm {
                    case .winograd(let winograd):
                        finish.withKernelForm {
                            winograd.forward(images, filters: filters, finish: $0, into: output)
                        }
                    case .taps(let taps):
                        taps.forward(images, filters: filters, finish: finish, into: output)
                    case .patches(let patches):
                        patches.forward(images, filters: filters, finish: finish, into: output)
                    }
                }
            }
        }
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        let input = call.inputs[0]
        let lengths = ConvolutionLengths(layer, input: input.shape)
        let bias = layer.usesBias ? [biasGradient(gradient)] : []
        return gradient.withUnsafePointer { gradients in
            input.withUnsafePointer { images in
                call.weights[0].withUnsafePointer { filters in
                    let (own, inputs) = gradientsOfFiltersAndInput(
                        gradients,
                        images,
                        filters,
                        call: call,
                        lengths: lengths
                    )
                    return LayerGradients(inputs: inputs, weights: [own] + bias)
                }
            }
        }
    }

    private func gradientsOfFiltersAndInput(
        _ gradient: UnsafePointer<Float>,
        _ input: UnsafePointer<Float>,
        _ filters: UnsafePointer<Float>,
        call: RecordedCall,
        lengths: ConvolutionLengths
    ) -> (filters: Tensor, inputs: [Tensor]) {
        let shape = call.weights[0].shape
        switch algorithm(lengths) {
        case .winograd(let winograd):
            var inputs: [Tensor] = []
            let own = written(shape) { own in
                func run(_ result: UnsafeMutablePointer<Float>?) {
                    winograd.backward(
                        gradient,
                        input: input,
                        filters: filters,
                        intoFilters: own,
                        intoInput: result
                    )
                }
                if call.needsInputGradient {
                    inputs = [written(lengths.input) { run($0) }]
                } else {
                    run(nil)
                }
            }
            return (own, inputs)
        case .taps(let taps):
            let own = written(shape) { taps.filterGradient(gradient, input: input, into: $0) }
            guard call.needsInputGradient else { return (own, []) }
            return (
                own,
                [
                    written(lengths.input) {
                        taps.inputGradient(gradient, filters: filters, into: $0)
                    }
                ]
            )
        case .patches(let patches):
            let own = patches.filterGradient(gradient, input: input, shape: shape)
            guard call.needsInputGradient else { return (own, []) }
            return (
                own,
                [
                    written(lengths.input) {
                        patches.inputGradient(gradient, filters: filters, into: $0)
                    }
                ]
            )
        }
    }
}

/// Adds a bias [C] to rows [rows, C]; an empty bias adds nothing.
func addBias(_ bias: [Float], to result: UnsafeMutablePointer<Float>, rows: Int) {
    let width = bias.count
    guard width > 0 else { return }
    bias.withUnsafeBufferPointer { bias in
        for row in 0..<rows {
            let start = result + row * width
            for column in 0..<width { start[column] += bias[column] }
        }
    }
}

/// The gradient of a bias: the sum over all rows.
func biasGradient(_ gradient: Tensor) -> Tensor {
    let sums = columnSums(gradient)
    return Tensor([sums.count], values: sums.map(Float.init))
}
