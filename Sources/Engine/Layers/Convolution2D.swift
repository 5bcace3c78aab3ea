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
        forward(inputs[0], change: nil, weights: weights)
    }

    /// The convolution of an input that is changed when it is read.
    func forward(_ input: Tensor, change: Finish?, weights: [Tensor]) -> LayerOutput {
        let finish = Finish(bias: layer.usesBias ? weights[1].values : [])
        let value = forward(input, change: change, filters: weights[0], finish: finish)
        return LayerOutput(value: value)
    }

    /// The convolution, and the moments of its output where they cost nothing because it is in the cache.
    func forwardWithMoments(
        _ input: Tensor,
        change: Finish? = nil,
        weights: [Tensor]
    ) -> (output: LayerOutput, moments: BatchMoments?) {
        let finish = Finish(bias: layer.usesBias ? weights[1].values : [])
        let kernels = VectorKernels.current
        let lengths = ConvolutionLengths(layer, input: input.shape)
        let winograd = WinogradConvolution(layer, lengths: lengths, kernels: kernels)
        let parts = winograd?.momentParts
        let value = forward(
            input,
            change: change,
            filters: weights[0],
            finish: finish,
            moments: parts
        )
        return (LayerOutput(value: value), parts?.joined())
    }

    /// Whether a normalization and a rectifier before the convolution can be done when their values are read.
    func changesInput(_ input: Shape) -> Bool {
        guard case .winograd = algorithm(ConvolutionLengths(layer, input: input)) else {
            return false
        }
        return true
    }

    /// Whether the products of a few output pixels have images for rows.
    func goesByTaps(_ input: Shape) -> Bool {
        guard case .taps = algorithm(ConvolutionLengths(layer, input: input)) else { return false }
        return true
    }

    /// The convolution of images with a border of zeros, with what follows it done before each value is stored.
    func forward(
        _ input: Tensor,
        change: Finish? = nil,
        filters: Tensor,
        finish: Finish,
        border: Border = .none,
        moments: MomentParts? = nil
    ) -> Tensor {
        let lengths = ConvolutionLengths(layer, input: input.shape, border: border)
        let algorithm = algorithm(lengths)
        return input.withUnsafePointer { images in
            filters.withUnsafePointer { filters in
                written(lengths.output) { output in
                    switch algorithm {
                    case .winograd(let winograd):
                        (change ?? Finish()).withKernelForm { change in
                            finish.withKernelForm {
                                winograd.forward(
                                    images,
                                    filters: filters,
                                    change: change,
                                    finish: $0,
                                    moments: moments,
                                    into: output
                                )
                            }
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

    /// The gradient of the output, written out or to be combined where it is read.
    enum OutputGradient {
        case whole(Tensor)
        case combined(CombinedGradient)
    }

    /// Whether the backward pass combines gradients itself: where it reads each of them once.
    func combines(input: Shape) -> Bool { !layer.usesBias && changesInput(input) }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        var sum: Tensor?
        let weights = backward(.whole(gradient), call: call, addingTo: &sum)
        return LayerGradients(inputs: sum.map { [$0] } ?? [], weights: weights)
    }

    /// The gradients of the weights; that of the input is added to what is there, where it is needed.
    func backward(
        _ gradient: OutputGradient,
        call: RecordedCall,
        addingTo sum: inout Tensor?
    ) -> [Tensor?] {
        switch gradient {
        case .whole(let gradient):
            let bias = layer.usesBias ? [biasGradient(gradient)] : []
            return [backward(gradient, combination: nil, call: call, sum: &sum)] + bias
        case .combined(let combined):
            var result: [Tensor?] = []
            combined.withKernelForm { form in
                let own = backward(combined.gradient, combination: form, call: call, sum: &sum)
                result = [own]
            }
            return result
        }
    }

    /// What a backward pass reads.
    struct BackwardPlaces {
        let gradient: UnsafePointer<Float>
        /// What makes the gradient of what is read, where it is not written out.
        let combination: espalier_combination?
        let input: UnsafePointer<Float>
        /// What is done to the input when it is read.
        let change: UnsafePointer<espalier_finish>?
        let filters: UnsafePointer<Float>
    }

    private func backward(
        _ gradient: Tensor,
        combination: espalier_combination?,
        call: RecordedCall,
        sum: inout Tensor?
    ) -> Tensor {
        let lengths = ConvolutionLengths(layer, input: call.inputs[0].shape)
        return gradient.withUnsafePointer { gradients in
            call.inputs[0].withUnsafePointer { images in
                call.weights[0].withUnsafePointer { filters in
                    (call.change ?? Finish()).withKernelForm { change in
                        let places = BackwardPlaces(
                            gradient: gradients,
                            combination: combination,
                            input: images,
                            change: change,
                            filters: filters
                        )
                        return backward(places, call: call, lengths: lengths, sum: &sum)
                    }
                }
            }
        }
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
                        places,
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
