import Tensors

/// What one forward pass of one sample costs, and what the weights weigh.
public struct Cost: Hashable, Sendable, Codable {
    /// Multiply-accumulates of convolutions and matrix products, without biases: the number the literature calls FLOPs.
    public var macs: Int
    /// Weights that training changes: kernels, biases, gammas and betas.
    public var trainableParameters: Int
    /// All weights with moving statistics: what Keras' `count_params` says.
    public var parameters: Int

    /// Operations in the strict sense: twice the multiply-accumulates.
    public var flops: Int { 2 * macs }

    /// Makes a cost.
    public init(macs: Int, trainableParameters: Int, parameters: Int) {
        self.macs = macs
        self.trainableParameters = trainableParameters
        self.parameters = parameters
    }
}

/// The cost of a network as a function of how many units each group keeps, exact and without surgery.
///
/// Every weight's element count is a product over its axes of `length - sum over groups of removed units * positions`.
public struct CostModel: Sendable {
    private struct AxisLength: Sendable {
        var length: Int
        var groups: [(group: Int, positionsPerUnit: Int)] = []
    }

    private struct WeightTerm: Sendable {
        var layer: Int
        var isKernel: Bool
        var axes: [AxisLength]
        var uses: Int
        var isTrainable: Bool
    }

    private let terms: [WeightTerm]
    private let widths: [Int]
    private let layers: Int

    /// Takes the network's weights apart by axis.
    public init(_ network: Network, groups: [CoupledGroup]) {
        widths = groups.map(\.width)
        layers = network.layers.count
        var touched: [WeightAxis: [(group: Int, positionsPerUnit: Int)]] = [:]
        for (index, group) in groups.enumerated() {
            for slice in group.slices {
                touched[slice.place, default: []].append((index, slice.positions[0].count))
            }
        }
        let calls = network.calls
        var terms: [WeightTerm] = []
        for (index, layer) in network.layers.enumerated() {
            let uses = calls[index].map {
                layer.kind.rule.uses(
                    inputs: network.inputShapes(of: $0),
                    output: network.shapes[$0]
                )
            }
            let trainable = network.gradientWeights(of: index)
            for (weight, tensor) in layer.weights.enumerated() {
                let axes = tensor.shape.dimensions.enumerated().map { axis, length in
                    AxisLength(
                        length: length,
                        groups: touched[WeightAxis(layer: index, weight: weight, axis: axis)] ?? []
                    )
                }
                terms.append(
                    WeightTerm(
                        layer: index,
                        isKernel: weight == 0,
                        axes: axes,
                        uses: uses.reduce(0) { $0 + $1[weight] },
                        isTrainable: trainable[weight]
                    )
                )
            }
        }
        self.terms = terms
    }

    /// The cost when each group keeps the given number of units.
    public func cost(keeping kept: [Int]) -> Cost {
        precondition(kept.count == widths.count, "one number per group")
        var cost = Cost(macs: 0, trainableParameters: 0, parameters: 0)
        for term in terms {
            let elements = elements(of: term, keeping: kept)
            cost.macs += elements * term.uses
            cost.parameters += elements
            if term.isTrainable { cost.trainableParameters += elements }
        }
        return cost
    }

    /// For each layer, the share of its first weight that is left; 1 for layers without weights.
    public func kernelShares(keeping kept: [Int]) -> [Double] {
        var shares = [Double](repeating: 1, count: layers)
        for term in terms where term.isKernel {
            let whole = elements(of: term, keeping: widths)
            shares[term.layer] = Double(elements(of: term, keeping: kept)) / Double(max(whole, 1))
        }
        return shares
    }

    private func elements(of term: WeightTerm, keeping kept: [Int]) -> Int {
        term.axes.reduce(1) { product, axis in
            product
                * axis.groups.reduce(axis.length) { length, entry in
                    length - (widths[entry.group] - kept[entry.group]) * entry.positionsPerUnit
                }
        }
    }
}

extension Network {
    /// The cost of this network as it stands.
    public var cost: Cost { CostModel(self, groups: []).cost(keeping: []) }

    /// The elements of all layer outputs of one sample: what a forward pass without reuse of buffers holds.
    public var activationElements: Int { shapes.reduce(0) { $0 + $1.count } }

    /// The most elements of one sample that are held at a time, where each output is let go after its last reader.
    public var peakActivationElements: Int {
        var left = readers.map(\.count)
        for node in outputs { left[node] += 1 }
        var (held, peak) = (0, 0)
        for (index, node) in nodes.enumerated() {
            held += shapes[index].count
            peak = max(peak, held)
            for input in node.inputs {
                left[input] -= 1
                if left[input] == 0 { held -= shapes[input].count }
            }
            if left[index] == 0 { held -= shapes[index].count }
        }
        return peak
    }

    /// For each layer, whether gradient training changes each weight: false for statistics and for frozen layers.
    public var trainability: [[Bool]] {
        layers.enumerated().map { index, layer in
            layer.isTrainable ? gradientWeights(of: index) : layer.weights.map { _ in false }
        }
    }

    /// Whether gradient training changes each weight of a layer, were the layer trainable.
    fileprivate func gradientWeights(of layer: Int) -> [Bool] {
        specifications[layer]?.map(\.isTrainable) ?? layers[layer].weights.map { _ in true }
    }
}
