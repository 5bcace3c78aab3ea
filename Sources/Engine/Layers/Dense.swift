import Graph
import Tensors

/// Rows times kernel, 64 rows at a time.
struct DenseKernel: LayerKernel {
    let layer: Dense

    func forward(_ inputs: [Tensor], weights: [Tensor], mode: ExecutionMode) -> LayerOutput {
        let input = inputs[0]
        let inner = input.shape.channels
        let pieces = chunks(of: 64, covering: input.count / inner)
        var shape = input.shape
        shape[shape.rank - 1] = layer.units
        let bias = layer.usesBias ? weights[1].values : []
        return LayerOutput(
            value: Tensor(
                shape,
                unsafeUninitialized: { buffer in
                    guard let result = buffer.baseAddress else { return }
                    input.withUnsafePointer { rows in
                        weights[0].withUnsafePointer { kernel in
                            ThreadPool.shared.forEach(pieces.count) { piece in
                                let start = result + pieces[piece].lowerBound * layer.units
                                MatrixProduct.multiply(
                                    rows: pieces[piece].count,
                                    columns: layer.units,
                                    inner: inner,
                                    left: MatrixView(
                                        rows + pieces[piece].lowerBound * inner,
                                        rowStride: inner
                                    ),
                                    right: MatrixView(kernel, rowStride: layer.units),
                                    into: start,
                                    rowStride: layer.units
                                )
                                addBias(bias, to: start, rows: pieces[piece].count)
                            }
                        }
                    }
                }
            )
        )
    }

    func backward(_ gradient: Tensor, call: RecordedCall) -> LayerGradients {
        let input = call.inputs[0]
        let inner = input.shape.channels
        let rows = input.count / inner
        return gradient.withUnsafePointer { gradients in
            let kernelGradient = input.withUnsafePointer { values in
                batchSum(call.weights[0].shape, batch: rows) { part, sum in
                    MatrixProduct.multiply(
                        rows: inner,
                        columns: layer.units,
                        inner: part.count,
                        left: MatrixView(
                            values + part.lowerBound * inner,
                            rowStride: inner,
                            transposed: true
                        ),
                        right: MatrixView(
                            gradients + part.lowerBound * layer.units,
                            rowStride: layer.units
                        ),
                        into: sum,
                        rowStride: layer.units
                    )
                }
            }
            let bias = layer.usesBias ? [biasGradient(gradient)] : []
            guard call.needsInputGradient else {
                return LayerGradients(inputs: [], weights: [kernelGradient] + bias)
            }
            let pieces = chunks(of: 64, covering: rows)
            let inputGradient = Tensor(
                input.shape,
                unsafeUninitialized: { buffer in
                    guard let result = buffer.baseAddress else { return }
                    call.weights[0].withUnsafePointer { kernel in
                        ThreadPool.shared.forEach(pieces.count) { piece in
                            let first = pieces[piece].lowerBound
                            MatrixProduct.multiply(
                                rows: pieces[piece].count,
                                columns: inner,
                                inner: layer.units,
                                left: MatrixView(
                                    gradients + first * layer.units,
                                    rowStride: layer.units
                                ),
                                right: MatrixView(kernel, rowStride: layer.units, transposed: true),
                                into: result + first * inner,
                                rowStride: inner
                            )
                        }
                    }
                }
            )
            return LayerGradients(inputs: [inputGradient], weights: [kernelGradient] + bias)
        }
    }
}
