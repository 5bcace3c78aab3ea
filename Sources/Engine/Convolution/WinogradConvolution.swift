import CKernels
import Graph
import Tensors

/// A 3x3 convolution of stride 1 in 4x4 output tiles, each 36 products of channels instead of 144.
///
/// Letters: p = 36 points, V the tiles' points, U the filters', M = V U. All are laid out [p][channel block][tile or
/// channel][lane]; Sources/CKernels/winograd.h has the transforms and their source.
struct WinogradConvolution {
    static let points: Int32 = 36
    /// Narrower layers go by patches; three colours are enough on the side of the input, since unfolding them is slow.
    private static let fewestInputChannels = 3
    private static let fewestOutputChannels = 5

    let kernels: VectorKernels
    let images: Int
    let shape: espalier_winograd

    /// Nil where the layer has another shape, or where the image is so small that most of a tile would be empty.
    init?(_ layer: Convolution2D, lengths: ConvolutionLengths, kernels: VectorKernels) {
        let (input, output) = (lengths.input, lengths.output)
        guard layer.window.size == Size2D(3, 3), layer.window.strides == .one,
            layer.window.dilation == .one, layer.groups == 1,
            input.channels >= Self.fewestInputChannels,
            output.channels >= Self.fewestOutputChannels,
            min(output[1], output[2]) >= 3
        else { return nil }
        self.kernels = kernels
        images = input[0]
        shape = espalier_winograd(
            input_height: Int32(input[1]),
            input_width: Int32(input[2]),
            input_channels: Int32(input[3]),
            output_height: Int32(output[1]),
            output_width: Int32(output[2]),
            output_channels: Int32(output[3]),
            top: lengths.window.top,
            left: lengths.window.left,
            tile_rows: Int32((output[1] + 3) / 4),
            tile_columns: Int32((output[2] + 3) / 4)
        )
    }

    var inputChannels: Int { Int(shape.input_channels) }
    var outputChannels: Int { Int(shape.output_channels) }
    var tilesPerImage: Int { Int(shape.tile_rows * shape.tile_columns) }
    var tiles: Int { images * tilesPerImage }
    var imageSize: Int {
        Int(shape.input_height) * Int(shape.input_width) * inputChannels
    }

    /// Floats of all points of filters.
    func filterSize(inner: Int, columns: Int) -> Int {
        36 * espalier_winograd_point(Int32(kernels.lanes), Int32(columns), Int32(inner))
    }

    /// Floats from one point of a block of tiles to the next, on either side of the convolution.
    func tilePoint(_ tiles: Int) -> Int {
        withUnsafePointer(to: shape) {
            espalier_winograd_tile_point(Int32(kernels.lanes), $0, Int32(tiles))
        }
    }

    /// Floats from M to V in one buffer: a point, and so many more that V begins 512 bytes behind M where processors compare
    /// the last twelve bits of addresses: no load of V then looks like one of the values just stored in M.
    private func distance(tiles: Int) -> Int {
        let point = tilePoint(tiles)
        return point + (1024 + 128 - point % 1024) % 1024
    }

    private func scratchSize(tiles: Int) -> Int { 36 * tilePoint(tiles) + distance(tiles: tiles) }

    /// Tiles that are transformed together: few enough to keep V and M in the caches of one core, many enough to read
    /// large filters seldom, and a multiple of the rows that products take at a time.
    private var blockLength: Int {
        let channels = inputChannels + outputChannels
        if channels >= 384 { return 84 }
        if kernels.lanes < 16 { return 60 }
        return channels <= 64 ? 112 : 56
    }

    /// The same for a share of the tiles that one thread does alone: a short one goes as a whole.
    func blockLength(ofShare tiles: Int) -> Int { tiles <= 84 ? tiles : blockLength }

    /// Whether the filters are so large beside the tiles that the layer is done point by point, each by one thread.
    var isDoneByPoints: Bool {
        tiles <= 1024 && inputChannels * outputChannels >= 1 << 15
    }

    /// Tiles of one group where the layer is done point by point.
    static let groupLength = 28

    // MARK: Forward

    func forward(
        _ input: UnsafePointer<Float>,
        filters: UnsafePointer<Float>,
        change: UnsafePointer<espalier_finish>? = nil,
        finish: UnsafePointer<espalier_finish>?,
        moments: MomentParts? = nil,
        into output: UnsafeMutablePointer<Float>
    ) {
        withBuffer(filterSize(inner: inputChannels, columns: outputChannels)) { points in
            transformFilters(filters, inner: inputChannels, columns: outputChannels, into: points)
            let call = ForwardCall(
                input: input,
                change: change,
                filters: points,
                finish: finish,
                output: output
            )
            if let moments {
                forwardByPieces(call, moments: moments)
            } else if isDoneByPoints {
                forwardByPoints(call)
            } else {
                forwardByBlocks(call)
            }
        }
    }

    /// What a forward pass reads and writes.
    private struct ForwardCall {
        let input: UnsafePointer<Float>
        /// What is done to the input when it is read.
        let change: UnsafePointer<espalier_finish>?
        /// U, the points of the filters.
        let filters: UnsafePointer<Float>
        let finish: UnsafePointer<espalier_finish>?
        let output: UnsafeMutablePointer<Float>
    }

    /// Images that go together: so many that whole blocks of tiles are whole images, where threads can share those out well.
    private var pieces: [Range<Int>] {
        var count = blockLength
        while count % 2 == 0, count / 2 * tilesPerImage % blockLength == 0 { count /= 2 }
        for prime in [3, 5, 7] {
            while count % prime == 0, count / prime * tilesPerImage % blockLength == 0 {
                count /= prime
            }
        }
        return chunks(of: balancedLength(of: images, among: [count, 16, 8]), covering: images)
    }

    /// Places for the moments of the output, where the images can be shared out well in whole blocks.
    var momentParts: MomentParts? {
        let parts = pieces.count
        guard parts >= 7, !isDoneByPoints else { return nil }
        return MomentParts(parts, width: outputChannels, kernels: kernels)
    }

    func transformFilters(
        _ filters: UnsafePointer<Float>,
        inner: Int,
        columns: Int,
        into points: UnsafeMutablePointer<Float>
    ) {
        let table = kernels.table
        let pieces = chunks(of: 32, covering: inner)
        ThreadPool.shared.forEach(pieces.count) { piece in
            table.pointee.winograd_filter(
                filters,
                Int32(inner),
                Int32(columns),
                Int32(pieces[piece].lowerBound),
                Int32(pieces[piece].upperBound),
                points
            )
        }
    }

    private func forwardByBlocks(_ call: ForwardCall) {
        let lengths = blockLength == 112 ? [112, 98, 84] : [blockLength, 70, 42]
        let length = balancedLength(of: tiles, among: lengths)
        let blocks = chunks(of: length, covering: tiles)
        ThreadPool.shared.forEach(blocks.count, scratch: scratchSize(tiles: length)) {
            block,
            scratch in
            convolve(call, blocks[block], scratch: scratch)
        }
    }

    /// Sums the moments of each image while it is in the cache.
    private func forwardByPieces(_ call: ForwardCall, moments: MomentParts) {
        let pieces = pieces
        let pixels = Int(shape.output_height * shape.output_width)
        let length = blockLength(ofShare: (pieces.first?.count ?? 0) * tilesPerImage)
        ThreadPool.shared.forEach(pieces.count, scratch: scratchSize(tiles: length)) {
            piece,
            scratch in
            let first = pieces[piece].lowerBound * tilesPerImage
            let count = pieces[piece].count * tilesPerImage
            var done = pieces[piece].lowerBound
            for block in chunks(of: length, covering: count) {
                let own = first + block.lowerBound..<first + block.upperBound
                convolve(call, own, scratch: scratch)
                let whole = own.upperBound / tilesPerImage
                guard whole > done else { continue }
                let start = call.output + done * pixels * outputChannels
                moments.add(start, rows: (whole - done) * pixels, to: piece)
                done = whole
            }
        }
    }

    /// One block of tiles; each point of M takes the place of the point of V before it, which is in the cache.
    private func convolve(
        _ call: ForwardCall,
        _ block: Range<Int>,
        scratch products: UnsafeMutablePointer<Float>
    ) {
        let table = kernels.table
        let (first, count) = (block.lowerBound, Int32(block.count))
        let values = products + distance(tiles: block.count)
        withUnsafePointer(to: shape) { shape in
            table.pointee.winograd_input(shape, call.input, call.change, first, count, values)
            table.pointee.winograd_multiply(
                values,
                call.filters,
                shape.pointee.input_channels,
                shape.pointee.output_channels,
                count,
                0,
                Self.points,
                products
            )
            table.pointee.winograd_output(shape, products, first, count, call.finish, call.output)
        }
    }

    private func forwardByPoints(_ call: ForwardCall) {
        let table = kernels.table
        let (inner, columns) = (shape.input_channels, shape.output_channels)
        let groups = chunks(of: Self.groupLength, covering: tiles)
        let size = 36 * tilePoint(Self.groupLength)
        withBuffer(2 * size * groups.count) { values in
            let products = values + size * groups.count
            withUnsafePointer(to: shape) { shape in
                ThreadPool.shared.forEach(groups.count) { group in
                    let (first, count) = (groups[group].lowerBound, Int32(groups[group].count))
                    let own = values + group * size
                    table.pointee.winograd_input(shape, call.input, call.change, first, count, own)
                }
                ThreadPool.shared.forEach(36) { point in
                    let (point, next) = (Int32(point), Int32(point + 1))
                    for (group, tiles) in groups.enumerated() {
                        let (own, result) = (
                            values + group * size, products + group * size
                        )
                        let count = Int32(tiles.count)
                        table.pointee.winograd_multiply(
                            own,
                            call.filters,
                            inner,
                            columns,
                            count,
                            point,
                            next,
                            result
                        )
                    }
                }
                ThreadPool.shared.forEach(groups.count) { group in
                    let (first, count) = (groups[group].lowerBound, Int32(groups[group].count))
                    let own = products + group * size
                    table.pointee.winograd_output(
                        shape,
                        own,
                        first,
                        count,
                        call.finish,
                        call.output
                    )
                }
            }
        }
    }
}
