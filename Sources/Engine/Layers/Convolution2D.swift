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
        var sum: Tensor?
        let weights = backward(gradient, call: call, addingTo: &sum)
        return LayerGradients(inputs: sum.map { [$0] } ?? [], weights: weights)
    }

    /// The gradients of the weights; that of the input is added to what is there, where it is needed.
    func backward(
        _ gradient: Tensor,
        call: RecordedCall,
        addingTo sum: inout Tensor?
    ) -> [Tensor?] {
        let lengths = ConvolutionLengths(layer, input: call.inputs[0].shape)
        let bias = layer.usesBias ? [biasGradient(gradient)] : []
        return gradient.withUnsafePointer { gradients in
            call.inputs[0].withUnsafePointer { images in
                call.weights[0].withUnsafePointer { filters in
                    let places = BackwardPlaces(
                        gradient: gradients,
                        input: images,
                        filters: filters
                    )
                    return [backward(places, call: call, lengths: lengths, sum: &sum)] + bias
                }
            }
        }
    }

    /// What a backward pass reads.
    private struct BackwardPlaces {
        let gradient: UnsafePointer<Float>
        let input: UnsafePointer<Float>
        let filters: UnsafePointer<Float>
    }

    private func backward(
        _ places: BackwardPlaces,
        call: RecordedCall,
        lengths: ConvolutionLengths,
        sum: inout Tensor?
    ) -> Tensor {
        let shape = call.weights[0].shape
        switch algorithm(lengths) {
        case .winograd(let winograd):
            return written(shape) { own in
                writeInputGradient(lengths, isNeeded: call.needsInputGradient, sum: &sum) {
                    result,
                    adds in
                    winograd.backward(
                        places.gradient,
                        input: places.input,
                        filters: places.filters,
                        intoFilters: own,
                        intoInput: result,
                        adds: adds
                    )
                }
            }
        case .taps(let taps):
            let own = written(shape) {
                taps.filterGradient(places.gradient, input: places.input, into: $0)
            }
            guard call.needsInputGradient else { return own }
            let input = written(lengths.input) {
                taps.inputGradient(places.gradient, filters: places.filters, into: $0)
            }
            accumulate(input, into: &sum)
            return own
        case .patches(let patches):
            let own = patches.filterGradient(places.gradient, input: places.input, shape: shape)
            guard call.needsInputGradient else { return own }
            writeInputGradient(lengths, isNeeded: true, sum: &sum) { result, adds in
                guard let result else { return }
                patches.inputGradient(
                    places.gradient,
                    filters: places.filters,
                    into: result,
                    adds: adds
                )
            }
            return own
        }
    }

    /// Lends the place of the input's gradient and says whether there is something to add to; nil where it is not needed.
    private func writeInputGradient(
        _ lengths: ConvolutionLengths,
        isNeeded: Bool,
        sum: inout Tensor?,
        _ body: (UnsafeMutablePointer<Float>?, Bool) -> Void
    ) {
        guard isNeeded else { return body(nil, false) }
        guard var own = sum else {
            sum = written(lengths.input) { body($0, false) }
            return
        }
        // Two owners of the sum would make it be copied.
        sum = nil
        own.withUnsafeMutablePointer { body($0, true) }
        sum = own
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
