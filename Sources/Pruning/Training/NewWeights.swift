import Graph
import Tensors

extension Network {
    /// The network with new weights, to be trained from nothing; layers its author froze keep theirs.
    ///
    /// Kernels are normal with a variance of two over the numbers an output sums; scales and variances are 1, all else 0.
    ///
    /// Source: He et al. 2015, "Delving Deep into Rectifiers", arXiv:1502.01852, equation 10.
    func reinitialized(seed: UInt64) -> Network {
        var network = self
        for (index, calls) in calls.enumerated() where layers[index].isTrainable {
            guard let call = calls.first, let specifications = specifications[index] else {
                continue
            }
            let uses = layers[index].kind.rule.uses(
                inputs: inputShapes(of: call),
                output: shapes[call]
            )
            var random = CounterRandom(seed: seed, stage: "weights \(layers[index].name)")
            for (weight, specification) in specifications.enumerated() {
                let own = layers[index].weights[weight]
                let value: Tensor
                switch specification.role {
                case .kernel:
                    // Each of the output's numbers sums over its share of all products.
                    let products = Double(own.count * uses[weight])
                    let terms = max(1, products / Double(max(shapes[call].count, 1)))
                    let deviation = Float((2 / terms).squareRoot())
                    value = Tensor(
                        own.shape,
                        values: (0..<own.count).map { _ in random.nextNormal() * deviation }
                    )
                case .gamma, .movingVariance: value = Tensor(own.shape, repeating: 1)
                case .bias, .beta, .movingMean, .alpha: value = Tensor(own.shape)
                }
                network.setWeight(value, layer: index, index: weight)
            }
        }
        return network
    }
}
