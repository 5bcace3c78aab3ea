import Graph
import Tensors

/// Layers without weights.
extension LayerConfiguration {
    func loweredPooling(_ operation: PoolingOperation) throws(KerasError) -> LoweredLayer {
        let size = try size("pool_size", default: Size2D(2, 2))
        let window = SlidingWindow(
            size: size,
            strides: try self.size("strides", default: size),
            padding: try padding()
        )
        return single(.pooling2D(Pooling2D(operation, window: window)))
    }

    func loweredGlobalPooling(_ operation: PoolingOperation) throws(KerasError) -> LoweredLayer {
        let keeps = try flag("keepdims", default: false)
        return single(.globalPooling2D(GlobalPooling2D(operation, keepsDimensions: keeps)))
    }

    /// Keras counts the axis with the batch, from the front or, negative, from behind.
    func loweredConcatenation(rank: Int) throws(KerasError) -> LoweredLayer {
        let axis = try integer("axis", default: -1)
        guard axis != 0, (-rank...rank).contains(axis) else {
            throw unsupported(
                "axis",
                found: "\(axis)",
                hint: "Concatenate along one of the \(rank) axes behind the batch."
            )
        }
        let fromFront = axis < 0 ? rank + 1 + axis : axis
        guard readsChannelsFirst else {
            return single(.concatenate(Concatenate(axisFromLast: rank - fromFront)))
        }
        let place = fromFront == 1 ? 0 : rank - (fromFront - 1)
        return single(.concatenate(Concatenate(axisFromLast: place)))
    }

    func loweredReshape() throws(KerasError) -> LoweredLayer {
        let target = try read("target_shape", expected: "a list of whole numbers", nil) { value in
            let lengths = value.elements?.compactMap(\.integer)
            return lengths?.count == value.elements?.count ? lengths : nil
        }
        return single(.reshape(Reshape(target: target)))
    }

    /// `n`, `[rows, columns]` or `[[top, bottom], [left, right]]`.
    func border(_ key: String, default fallback: Int) throws(KerasError) -> Border {
        let all = Border(top: fallback, bottom: fallback, left: fallback, right: fallback)
        let border = try read(key, expected: "one, two or four whole numbers", all) {
            value -> Border? in
            if let side = value.integer {
                return Border(top: side, bottom: side, left: side, right: side)
            }
            guard let sides = value.elements, sides.count == 2 else { return nil }
            let pairs = sides.map { side in
                side.integer.map { [$0, $0] } ?? side.elements?.compactMap(\.integer) ?? []
            }
            guard pairs.allSatisfy({ $0.count == 2 }) else { return nil }
            return Border(
                top: pairs[0][0],
                bottom: pairs[0][1],
                left: pairs[1][0],
                right: pairs[1][1]
            )
        }
        return border
    }

    func loweredUpsampling() throws(KerasError) -> LoweredLayer {
        let text = try text("interpolation", default: "nearest")
        guard let interpolation = Upsampling2D.Interpolation(rawValue: text) else {
            throw unsupported(
                "interpolation",
                found: text,
                hint: "Only \"nearest\" and \"bilinear\" are executed."
            )
        }
        let factor = try size("size", default: Size2D(2, 2))
        return single(
            .upsampling2D(Upsampling2D(factor: factor, interpolation: interpolation))
        )
    }

    func loweredPermutation() throws(KerasError) -> LoweredLayer {
        let axes = try read("dims", expected: "a list of axes", nil) { value in
            let axes = value.elements?.compactMap(\.integer)
            return axes?.count == value.elements?.count ? axes : nil
        }
        return single(.permute(Permute(order: axes.map { $0 - 1 })))
    }

    func loweredDropout() throws(KerasError) -> LoweredLayer {
        let noise: Dropout.Noise
        switch className {
        case "SpatialDropout1D", "SpatialDropout2D": noise = .spatial
        case "GaussianNoise": noise = .gaussianNoise(deviation: Float(try number("stddev")))
        case "GaussianDropout": noise = .gaussianDropout
        case "AlphaDropout":
            guard value("noise_shape") == nil else {
                throw unsupported(
                    "noise_shape",
                    found: value("noise_shape")?.summary ?? "",
                    hint: "Leave the noise shape of AlphaDropout out."
                )
            }
            noise = .alpha
        default: noise = .bernoulli(noiseShape: try noiseShape())
        }
        let rate = noise.isAdditive ? 0 : Float(try number("rate"))
        return single(.dropout(Dropout(rate: rate, noise: noise)))
    }

    private func noiseShape() throws(KerasError) -> [Int?]? {
        guard let lengths = value("noise_shape")?.elements else { return nil }
        return lengths.map { $0.integer == 1 ? 1 : nil }
    }
}

extension Dropout.Noise {
    fileprivate var isAdditive: Bool {
        switch self {
        case .gaussianNoise: true
        case .bernoulli, .spatial, .gaussianDropout, .alpha: false
        }
    }
}
