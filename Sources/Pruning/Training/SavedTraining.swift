import Engine
import Graph
import Tensors

/// The trainable weights of a network as lists of numbers, and back.
extension Network {
    /// The values of every weight of every trainable layer, in order.
    var trainedValues: [[Float]] {
        layers.filter(\.isTrainable).flatMap { $0.weights.map(\.values) }
    }

    /// Takes what ``trainedValues`` gave from the front of a list.
    mutating func restore(from tensors: inout ArraySlice<[Float]>) throws(CompressionError) {
        for (layer, content) in layers.enumerated() where content.isTrainable {
            for (index, weight) in content.weights.enumerated() {
                let values = try tensors.take(weight.count, for: content.name)
                setWeight(Tensor(weight.shape, values: values), layer: layer, index: index)
            }
        }
    }
}

extension Optimizer {
    /// The values of all moments, in the order of the weights; none before the first step.
    var momentValues: [[Float]] { moments.flatMap { $0.flatMap { $0.map(\.values) } } }

    /// An optimiser by Adam that goes on where one that gave ``momentValues`` stood.
    init(
        adamAfter steps: Int,
        of network: Network,
        from tensors: inout ArraySlice<[Float]>
    ) throws(CompressionError) {
        var moments: [[[Tensor]]] = []
        let trainability = network.trainability
        for (layer, content) in network.layers.enumerated() where steps > 0 {
            moments.append([])
            for (index, weight) in content.weights.enumerated() {
                var own: [Tensor] = []
                for _ in 0..<(trainability[layer][index] ? 2 : 0) {
                    let values = try tensors.take(weight.count, for: content.name)
                    own.append(Tensor(weight.shape, values: values))
                }
                moments[layer].append(own)
            }
        }
        self.init(.adam(), steps: steps, moments: moments)
    }
}

extension ArraySlice<[Float]> {
    /// Takes the first list, which must have so many numbers.
    mutating func take(_ count: Int, for name: String) throws(CompressionError) -> [Float] {
        guard let values = popFirst(), values.count == count else {
            throw .checkpointMismatch(
                expected: "\(count) values for \(name)",
                found: "another number"
            )
        }
        return values
    }
}
