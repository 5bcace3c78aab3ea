import Graph
import Tensors

/// Layers that normalize or scale.
extension LayerConfiguration {
    func loweredLayerNormalization(rank: Int) throws(KerasError) -> LoweredLayer {
        try requireLastAxis("axis", inputRank: rank)
        let isRootMeanSquare = className == "RMSNormalization"
        let normalization = LayerNormalization(
            epsilon: Float(try number("epsilon", default: isRootMeanSquare ? 1e-6 : 1e-3)),
            scales: try flag("scale", default: true),
            centers: try flag("center", default: !isRootMeanSquare),
            usesMeanSquare: try flag("rms_scaling", default: isRootMeanSquare)
        )
        let weights = (normalization.scales ? 1 : 0) + (normalization.centers ? 1 : 0)
        return single(.layerNormalization(normalization), storedWeights: weights)
    }

    /// A `groups` of -1 asks for one group per channel; Keras writes the number it found instead.
    func loweredGroupNormalization(rank: Int) throws(KerasError) -> LoweredLayer {
        try requireLastAxis("axis", inputRank: rank)
        let groups = try integer("groups", default: 32)
        guard groups > 0 else {
            throw unsupported(
                "groups",
                found: "\(groups)",
                hint: "Build the model before it is saved, so that the number is written."
            )
        }
        let normalization = GroupNormalization(
            groups: groups,
            epsilon: Float(try number("epsilon", default: 1e-3)),
            scales: try flag("scale", default: true),
            centers: try flag("center", default: true)
        )
        let weights = (normalization.scales ? 1 : 0) + (normalization.centers ? 1 : 0)
        return single(.groupNormalization(normalization), storedWeights: weights)
    }

    func loweredParametricReLU() throws(KerasError) -> LoweredLayer {
        let axes = value("shared_axes")?.elements?.compactMap(\.integer) ?? []
        return single(
            .parametricReLU(ParametricReLU(sharedAxes: axes.map { $0 - 1 })),
            storedWeights: 1
        )
    }
}
