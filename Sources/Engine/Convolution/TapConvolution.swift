import CKernels
import Graph
import Tensors

/// A convolution to a few pixels: for each output pixel, the products of the input pixels that its window meets.
///
/// Rows are images, so nothing is unfolded and no product meets the zeros around the image.
struct TapConvolution {
    /// An input pixel that an output pixel meets, and the position in the window where it does.
    private struct Tap {
        let inputPixel: Int
        let outputPixel: Int
        let position: Int
    }

    /// Columns of one piece of work.
    private static let columnLength = 64

    private let kernels: VectorKernels
    private let lengths: ConvolutionLengths
    private let taps: [Tap]
    private let positions: Int

    /// Nil where the output has more than four pixels, or the window is one pixel.
    init?(_ layer: Convolution2D, lengths: ConvolutionLengths, kernels: VectorKernels) {
        let window = lengths.window
        guard layer.groups == 1, layer.window.size != .one, lengths.pixels <= 4,
            lengths.input[0] >= 8
        else { return nil }
        var taps: [Tap] = []
        for row in 0..<window.output_height {
            for column in 0..<window.output_width {
                for u in 0..<window.window_height {
                    for v in 0..<window.window_width {
                        let y = row * window.stride_height + u * window.dilation_height - window.top
                        let x =
                            column * window.stride_width + v * window.dilation_width - window.left
                        guard 0..<window.input_height ~= y, 0..<window.input_width ~= x else {
                            continue
                        }
                        taps.append(
                            Tap(
                                inputPixel: Int(y * window.input_width + x),
                                outputPixel: Int(row * window.output_width + column),
                                position: Int(u * window.window_width + v)
                            )
                        )
                    }
                }
            }
        }
        // An output pixel without any input would never be written.
        guard Set(taps.map(\.outputPixel)).count == lengths.pixels else { return nil }
        self.kernels = kernels
        self.lengths = lengths
        self.taps = taps
        positions = layer.window.size.height * layer.window.size.width
    }

    private var images: Int { lengths.input[0] }
    private var inputChannels: Int { lengths.input.channels }
    private var outputChannels: Int { lengths.output.channels }
    private var filterSize: Int { inputChannels * outputChannels }

    func forward(
        _ input: UnsafePointer<Float>,
        filters: UnsafePointer<Float>,
        finish: Finish,
        into output: UnsafeMutablePointer<Float>
    ) {
        let size = PackedMatrix.size(
            inner: inputChannels,
            columns: outputChannels,
            kernels: kernels
        )
        withBuffer(size * positions) { packed in
            for position in 0..<positions {
                PackedMatrix.pack(
                    filters + position * filterSize,
                    innerStep: outputChannels,
                    columnStep: 1,
                    inner: inputChannels,
                    columns: outputChannels,
                    kernels: kernels,
                    into: packed + position * size
                )
            }
            let taps = (0..<lengths.pixels).map { pixel in
                self.taps.filter { $0.outputPixel == pixel }
            }
            let columns = chunks(of: Self.columnLength, covering: outputChannels)
            finish.withKernelForm { finish in
                ThreadPool.shared.forEach(columns.count * lengths.pixels) { piece in
                    let (pixel, range) = (piece / columns.count, columns[piece % columns.count])
                    for (index, tap) in taps[pixel].enumerated() {
                        let place = pixel * outputChannels + range.lowerBound
                        let right = packed + tap.position * size + range.lowerBound * inputChannels
                        multiply(
                            images,
                            input + tap.inputPixel * inputChannels,
                            stride: lengths.imageSize,
                            inner: inputChannels,
                            packed: right,
                            columns: range.count,
                            into: output + place,
                            stride: lengths.outputSize,
                            adds: index > 0,
                            finish: index == taps[pixel].count - 1
                                ? finish?.pointee.moved(column: range.lowerBound, place: place)
                                : nil
                        )
                    }
                }
            }
        }
    }

    private func multiply(
        _ rows: Int,
        _ left: UnsafePointer<Float>,
        stride leftStride: Int,
        inner: Int,
        packed: UnsafePointer<Float>,
        columns: Int,
        into result: UnsafeMutablePointer<Float>,
        stride: Int,
        adds: Bool,
        finish: espalier_finish? = nil
    ) {
        func run(_ finish: UnsafePointer<espalier_finish>?) {
            var product = espalier_product(
                rows: rows,
                columns: columns,
                inner: inner,
                left: left,
                leftStride: leftStride,
                packed: packed,
                result: result,
                resultStride: stride,
                adds: adds,
                kernels: kernels,
                finish: finish
            )
            kernels.table.pointee.multiply(&product)
        }
        guard var finish else { return run(nil) }
        withUnsafePointer(to: &finish) { run($0) }
    }

    /// The gradient of the filters: for each position of the window, over the taps that use it.
    func filterGradient(
        _ gradient: UnsafePointer<Float>,
        input: UnsafePointer<Float>,
        into result: UnsafeMutablePointer<Float>
    ) {
        let columns = chunks(of: Self.columnLength, covering: outputChannels)
        let taps = (0..<positions).map { position in
            self.taps.filter { $0.position == position }
        }
        ThreadPool.shared.forEach(columns.count * positions) { piece in
            let (position, range) = (piece / columns.count, columns[piece % columns.count])
            let sum = result + position * filterSize + range.lowerBound
            if taps[position].isEmpty {
                for row in 0..<inputChannels {
                    (sum + row * outputChannels).initialize(repeating: 0, count: range.count)
                }
            }
            for (index, tap) in taps[position].enumerated() {
                var product = espalier_product(
                    rows: inputChannels,
                    columns: range.count,
                    inner: images,
                    left: input + tap.inputPixel * inputChannels,
                    leftStride: lengths.imageSize,
                    right: gradient + tap.outputPixel * outputChannels + range.lowerBound,
                    rightStride: lengths.outputSize,
                    sum: sum,
                    resultStride: outputChannels,
                    adds: index > 0,
                    kernels: kernels
                )
                kernels.table.pointee.multiply_outer(&product)
            }
        }
    }

    /// The gradient of the input: for each input pixel, over the taps that read it.
    func inputGradient(
        _ gradient: UnsafePointer<Float>,
        filters: UnsafePointer<Float>,
        into result: UnsafeMutablePointer<Float>
    ) {
        let size = PackedMatrix.size(
            inner: outputChannels,
            columns: inputChannels,
            kernels: kernels
        )
        let pixels = lengths.input[1] * lengths.input[2]
        let taps = (0..<pixels).map { pixel in self.taps.filter { $0.inputPixel == pixel } }
        let columns = chunks(of: Self.columnLength, covering: inputChannels)
        withBuffer(size * positions) { packed in
            for position in 0..<positions {
                PackedMatrix.pack(
                    filters + position * filterSize,
                    innerStep: 1,
                    columnStep: outputChannels,
                    inner: outputChannels,
                    columns: inputChannels,
                    kernels: kernels,
                    into: packed + position * size
                )
            }
            ThreadPool.shared.forEach(columns.count * pixels) { piece in
                let (pixel, range) = (piece / columns.count, columns[piece % columns.count])
                let start = result + pixel * inputChannels + range.lowerBound
                if taps[pixel].isEmpty {
                    for image in 0..<images {
                        (start + image * lengths.imageSize)
                            .initialize(repeating: 0, count: range.count)
                    }
                }
                for (index, tap) in taps[pixel].enumerated() {
                    multiply(
                        images,
                        gradient + tap.outputPixel * outputChannels,
                        stride: lengths.outputSize,
                        inner: outputChannels,
                        packed: packed + tap.position * size + range.lowerBound * outputChannels,
                        columns: range.count,
                        into: start,
                        stride: lengths.imageSize,
                        adds: index > 0
                    )
                }
            }
        }
    }
}

extension espalier_finish {
    /// The same for a part of the result that begins at a column and a place.
    func moved(column: Int, place: Int) -> espalier_finish {
        espalier_finish(
            bias: bias.map { $0 + column },
            scale: scale.map { $0 + column },
            offset: offset.map { $0 + column },
            addend: addend.map { $0 + place },
            low: low,
            high: high
        )
    }
}
