import Graph
import Pruning
import Tensors

/// Networks whose groups are chosen from in the tests of criteria.
enum CriteriaNetwork {
    /// A stem, a residual block and a top convolution: a group with two producers and two consumers, and two plain ones.
    ///
    /// The activation is a smooth one for finite differences.
    static func residual(_ bend: Activation = .relu(), isSoftmax: Bool = true) throws -> Network {
        var builder = NetworkBuilder(seed: 11, input: [8, 8, 3])
        let stem = layer("stem", 0, 6, bend, &builder)
        let middle = layer("middle", stem, 5, bend, &builder)
        let back = builder.normalization("back bn", builder.convolution("back", middle, 6))
        let sum = builder.add("add", .merge(Merge(.add)), reading: [stem, back])
        let bent = builder.add("add bend", .activation(bend), reading: [sum])
        let top = layer("top", bent, 7, bend, &builder)
        return try headed(top, 7, &builder, isSoftmax: isSoftmax)
    }

    /// Channels that are flattened before they are read.
    static func flattened(_ bend: Activation) throws -> Network {
        var builder = NetworkBuilder(seed: 12, input: [4, 5, 2])
        let made = layer("made", 0, 4, bend, &builder)
        let flat = builder.add("flat", .flatten(Flatten()), reading: [made], channels: 80)
        let answer = builder.dense("answer", flat, 80, 3)
        let output = builder.add("softmax", .activation(.softmax), reading: [answer])
        return try builder.network(output: output)
    }

    /// Two groups side by side in front of one reader, the second through a depthwise convolution.
    static func concatenated(_ bend: Activation) throws -> Network {
        var builder = NetworkBuilder(seed: 13, input: [6, 6, 2])
        let left = layer("left", 0, 3, bend, &builder)
        let right = layer("right", 0, 4, bend, &builder)
        let deep = builder.add(
            "deep bend",
            .activation(bend),
            reading: [builder.depthwise("deep", right, multiplier: 1)]
        )
        let both = builder.add(
            "both",
            .concatenate(Concatenate()),
            reading: [left, deep],
            channels: 7
        )
        let top = layer("top", both, 5, bend, &builder)
        return try headed(top, 5, &builder)
    }

    /// One convolution that is called twice, on what another made and on its own output.
    static func shared(_ bend: Activation) throws -> Network {
        var builder = NetworkBuilder(seed: 14, input: [6, 6, 2])
        let made = layer("made", 0, 4, bend, &builder)
        let once = builder.convolution("twice", made, 4)
        let bent = builder.add("bend", .activation(bend), reading: [once])
        let again = builder.call("twice", reading: [bent])
        return try headed(again, 4, &builder)
    }

    private static func layer(
        _ name: String,
        _ input: Int,
        _ filters: Int,
        _ bend: Activation,
        _ builder: inout NetworkBuilder
    ) -> Int {
        let made = builder.convolution(name, input, filters)
        let normalized = builder.normalization("\(name) bn", made)
        return builder.add("\(name) bend", .activation(bend), reading: [normalized])
    }

    private static func headed(
        _ input: Int,
        _ width: Int,
        _ builder: inout NetworkBuilder,
        isSoftmax: Bool = true
    ) throws -> Network {
        let pooled = builder.add(
            "pool",
            .globalPooling2D(GlobalPooling2D(.average)),
            reading: [input]
        )
        var answer = builder.dense("answer", pooled, width, 4)
        if isSoftmax {
            answer = builder.add("softmax", .activation(.softmax), reading: [answer])
        }
        let network = try builder.network(output: answer)
        return network.withScatteredNormalizations
    }
}

extension Network {
    /// Every BatchNorm with gammas and betas of its own, so that units differ in scale and in how often they are zero.
    fileprivate var withScatteredNormalizations: Network {
        var network = self
        var random = CounterRandom(seed: 8, stage: "normalizations")
        for (index, layer) in layers.enumerated() {
            guard case .batchNormalization = layer.kind else { continue }
            network.updateWeight(layer: index, index: 0) { gamma in
                for channel in 0..<gamma.count { gamma[channel] = 0.5 + random.nextUniform() }
            }
            network.updateWeight(layer: index, index: 1) { beta in
                for channel in 0..<beta.count { beta[channel] = random.nextNormal() * 0.6 }
            }
        }
        return network
    }

    /// The same network with a group's units in another order: unit j is what unit `order[j]` was.
    func permuting(_ group: CoupledGroup, _ order: [Int]) -> Network {
        var network = self
        for slice in group.slices {
            network.updateWeight(layer: slice.place.layer, index: slice.place.weight) { weight in
                var sources = Array(0..<weight.shape[slice.place.axis])
                for (unit, source) in order.enumerated() {
                    for (to, from) in zip(slice.positions[unit], slice.positions[source]) {
                        sources[to] = from
                    }
                }
                weight = weight.selecting(sources, axis: slice.place.axis)
            }
        }
        return network
    }
}
