import CKernels
import Graph
import Tensors

/// Both gradients of a Winograd convolution from one transform of the output's gradient.
///
/// Letters: V = B^T x B, D = A dy A^T; the filters' points get V^T D, the input's D U^T, scattered by B.
extension WinogradConvolution {
    /// Writes the gradient of the filters, and writes or adds that of the input where a place for it is given.
    func backward(
        _ places: Convolution2DKernel.BackwardPlaces,
        intoFilters filterGradient: UnsafeMutablePointer<Float>,
        intoInput inputGradient: UnsafeMutablePointer<Float>?,
        adds: Bool
    ) {
        var combination = places.combination
        withTransposedFilters(places.filters, isNeeded: inputGradient != nil) { transposed in
            withOptionalPointer(to: &combination) { combination in
                let call = BackwardCall(
                    gradient: places.gradient,
                    combination: combination,
                    input: places.input,
                    change: places.change,
                    filters: transposed,
                    inputGradient: inputGradient,
                    adds: adds
                )
                if isDoneByPoints {
                    backwardByPoints(call, into: filterGradient)
                } else {
                    backwardByParts(call, into: filterGradient)
                }
            }
        }
    }

    /// What both ways backward read and write.
    private struct BackwardCall {
        let gradient: UnsafePointer<Float>
        let combination: UnsafePointer<espalier_combination>?
        let input: UnsafePointer<Float>
        /// What is done to the input when it is read.
        let change: UnsafePointer<espalier_finish>?
        /// U^T, the points of the transposed filters; nobody reads it without an input gradient.
        let filters: UnsafePointer<Float>
        let inputGradient: UnsafeMutablePointer<Float>?
        /// Whether the input's gradient is added to what is there.
        let adds: Bool
    }

    private func withTransposedFilters(
        _ filters: UnsafePointer<Float>,
        isNeeded: Bool,
        _ body: (UnsafePointer<Float>) -> Void
    ) {
        guard isNeeded else { return body(filters) }
        let tap = inputChannels * outputChannels
        withBuffer(filterSize(inner: outputChannels, columns: inputChannels)) { points in
            withBuffer(9 * tap) { transposed in
                ThreadPool.shared.forEach(9) { index in
                    espalier_transpose(
                        filters + index * tap,
                        1,
                        shape.input_channels,
                        shape.output_channels,
                        transposed + index * tap
                    )
                }
                transformFilters(
                    transposed,
                    inner: outputChannels,
                    columns: inputChannels,
                    into: points
                )
            }
            body(points)
        }
    }

    /// Parts of the batch whose filter gradients are summed apart: fewer where the filters are large.
    private var parts: [Range<Int>] {
        let size = filterSize(inner: inputChannels, columns: outputChannels)
        let wanted = size <= 3 << 18 ? 8 : 4
        return chunks(of: (images + wanted - 1) / wanted, covering: images)
    }

    /// Whether D^T V takes fewer whole vectors than V^T D, which it is the transpose of.
    private var isTransposed: Bool {
        !isDoneByPoints
            && kernels.padded(inputChannels) * outputChannels
                < kernels.padded(outputChannels) * inputChannels
    }

    private func backwardByParts(
        _ call: BackwardCall,
        into filterGradient: UnsafeMutablePointer<Float>
    ) {
        let parts = parts
        let length = blockLength(ofShare: (parts.first?.count ?? 0) * tilesPerImage)
        let partSize =
            isTransposed
            ? filterSize(inner: outputChannels, columns: inputChannels)
            : filterSize(inner: inputChannels, columns: outputChannels)
        let size = 36 * tilePoint(length)
        withBuffer(partSize * parts.count) { sums in
            ThreadPool.shared.forEach(parts.count, scratch: 2 * size) {
                part,
                scratch in
                let first = parts[part].lowerBound * tilesPerImage
                var cleared = parts[part].lowerBound
                for block in chunks(of: length, covering: parts[part].count * tilesPerImage) {
                    // Just before they are added to, so that they are in the cache.
                    let reached = (first + block.upperBound - 1) / tilesPerImage + 1
                    clearInputGradient(call, images: cleared..<max(cleared, reached))
                    cleared = max(cleared, reached)
                    addBlock(
                        call,
                        first: first + block.lowerBound,
                        count: Int32(block.count),
                        values: scratch,
                        gradients: scratch + size,
                        isFirst: block.lowerBound == 0,
                        sum: sums + part * partSize
                    )
                }
            }
            storeFilterGradient(sums, parts: parts.count, into: filterGradient)
        }
    }

    private func addBlock(
        _ call: BackwardCall,
        first: Int,
        count: Int32,
        values: UnsafeMutablePointer<Float>,
        gradients: UnsafeMutablePointer<Float>,
        isFirst: Bool,
        sum: UnsafeMutablePointer<Float>
    ) {
        let table = kernels.table
        withUnsafePointer(to: shape) { shape in
            table.pointee.winograd_input(shape, call.input, call.change, first, count, values)
            table.pointee.winograd_output_gradient(
                shape,
                call.gradient,
                call.combination,
                first,
                count,
                gradients
            )
            // Point by point, so that both products find V and D in the cache.
            for point in 0..<Self.points {
                multiplyPoint(
                    call,
                    point: point,
                    count: count,
                    values: values,
                    gradients: gradients,
                    isFirst: isFirst,
                    sum: sum
                )
            }
            guard let inputGradient = call.inputGradient else { return }
            table.pointee.winograd_input_gradient(
                shape,
                values,
                0,
                first,
                count,
                count,
                inputGradient
            )
        }
    }

    private func backwardByPoints(
        _ call: BackwardCall,
        into filterGradient: UnsafeMutablePointer<Float>
    ) {
        let table = kernels.table
        let groups = chunks(of: Self.groupLength, covering: tiles)
        let size = 36 * tilePoint(Self.groupLength)
        let sumSize = filterSize(inner: inputChannels, columns: outputChannels)
        withBuffer(2 * size * groups.count + sumSize) { values in
            let gradients = values + size * groups.count
            let sum = gradients + size * groups.count
            withUnsafePointer(to: shape) { shape in
                ThreadPool.shared.forEach(groups.count) { group in
                    let (first, count) = (groups[group].lowerBound, Int32(groups[group].count))
                    table.pointee.winograd_input(
                        shape,
                        call.input,
                        call.change,
                        first,
                        count,
                        values + group * size
                    )
                    table.pointee.winograd_output_gradient(
                        shape,
                        call.gradient,
                        call.combination,
                        first,
                        count,
                        gradients + group * size
                    )
                }
            }
            ThreadPool.shared.forEach(36) { point in
                for group in groups.indices {
                    multiplyPoint(
                        call,
                        point: Int32(point),
                        count: Int32(groups[group].count),
                        values: values + group * size,
                        gradients: gradients + group * size,
                        isFirst: group == 0,
                        sum: sum
                    )
                }
            }
            scatter(call, groups: groups, values: values, groupSize: size)
            storeFilterGradient(sum, parts: 1, into: filterGradient)
        }
    }

    /// Adds V^T D of one point to the sum, and puts D U^T in the place of V.
    private func multiplyPoint(
        _ call: BackwardCall,
        point: Int32,
        count: Int32,
        values: UnsafeMutablePointer<Float>,
        gradients: UnsafeMutablePointer<Float>,
        isFirst: Bool,
        sum: UnsafeMutablePointer<Float>
    ) {
        let (inner, columns) = (shape.input_channels, shape.output_channels)
        kernels.table.pointee.winograd_multiply_outer(
            isTransposed ? gradients : values,
            isTransposed ? values : gradients,
            isTransposed ? columns : inner,
            isTransposed ? inner : columns,
            count,
            point,
            point + 1,
            isFirst ? 0 : 1,
            sum
        )
        guard call.inputGradient != nil else { return }
        kernels.table.pointee.winograd_multiply(
            gradients,
            call.filters,
            columns,
            inner,
            count,
            point,
            point + 1,
            values
        )
    }

    /// Tiles overlap within an image, so one piece scatters all tiles of its images, group by group.
    private func scatter(
        _ call: BackwardCall,
        groups: [Range<Int>],
        values: UnsafeMutablePointer<Float>,
        groupSize: Int
    ) {
        guard let inputGradient = call.inputGradient else { return }
        let table = kernels.table
        let shares = chunks(of: max(1, (images + 7) / 8), covering: images)
        withUnsafePointer(to: shape) { shape in
            ThreadPool.shared.forEach(shares.count) { share in
                clearInputGradient(call, images: shares[share])
                let (start, end) = (shares[share].lowerBound, shares[share].upperBound)
                let own = start * tilesPerImage..<end * tilesPerImage
                for (group, tiles) in groups.enumerated() {
                    let common = tiles.clamped(to: own)
                    guard !common.isEmpty else { continue }
                    table.pointee.winograd_input_gradient(
                        shape,
                        values + group * groupSize,
                        Int32(common.lowerBound - tiles.lowerBound),
                        common.lowerBound,
                        Int32(common.count),
                        Int32(tiles.count),
                        inputGradient
                    )
                }
            }
        }
    }

    private func clearInputGradient(_ call: BackwardCall, images: Range<Int>) {
        guard let start = call.inputGradient, !call.adds else { return }
        (start + images.lowerBound * imageSize)
            .initialize(repeating: 0, count: images.count * imageSize)
    }

    private func storeFilterGradient(
        _ points: UnsafePointer<Float>,
        parts: Int,
        into filterGradient: UnsafeMutablePointer<Float>
    ) {
        let (inner, columns) = (shape.input_channels, shape.output_channels)
        guard isTransposed else {
            return transformFilterGradient(
                points,
                parts: parts,
                inner: inner,
                columns: columns,
                into: filterGradient
            )
        }
        withBuffer(9 * inputChannels * outputChannels) { transposed in
            transformFilterGradient(
                points,
                parts: parts,
                inner: columns,
                columns: inner,
                into: transposed
            )
            espalier_transpose(transposed, 9, columns, inner, filterGradient)
        }
    }

    private func transformFilterGradient(
        _ points: UnsafePointer<Float>,
        parts: Int,
        inner: Int32,
        columns: Int32,
        into filterGradient: UnsafeMutablePointer<Float>
    ) {
        let table = kernels.table
        let pieces = chunks(of: 32, covering: Int(inner))
        ThreadPool.shared.forEach(pieces.count) { piece in
            table.pointee.winograd_filter_gradient(
                points,
                Int32(parts),
                inner,
                columns,
                Int32(pieces[piece].lowerBound),
                Int32(pieces[piece].upperBound),
                filterGradient
            )
        }
    }
}
