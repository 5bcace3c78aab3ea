import Graph
import JobFiles
import KerasFormat
import Pruning
import Tensors

/// Teacher and student, layer by layer.
struct ModelPair {
    let teacher: KerasModel
    let student: Network

    var activationElements: BeforeAfter<Int> {
        BeforeAfter(
            before: teacher.network.activationElements,
            after: student.activationElements
        )
    }

    var peakActivationBytes: BeforeAfter<Int> {
        let bytesPerElement = MemoryLayout<Float>.size
        return both { $0.peakActivationElements * bytesPerElement }
    }

    /// The layers in order of their first calls.
    func layers(
        frozen: [String: String],
        groups: [GroupRecord],
        times: ForwardTimes
    ) -> [LayerMetrics] {
        let network = teacher.network
        let calls = network.calls
        let order = network.layers.indices.filter { !calls[$0].isEmpty }
            .sorted { calls[$0][0] < calls[$1][0] }
        return order.map { index in
            let layer = network.layers[index]
            let call = calls[index][0]
            return LayerMetrics(
                name: layer.name,
                className: className(of: index),
                inputs: network.nodes[call].inputs.map { network.layer(of: $0).name },
                outputShape: BeforeAfter(
                    before: network.shapes[call].dimensions,
                    after: student.shapes[call].dimensions
                ),
                parameters: both { $0.layers[index].weights.reduce(0) { $0 + $1.count } },
                macs: both { $0.macs(ofLayer: index) },
                groups: groups.filter { $0.producers.contains(layer.name) }.map(\.name),
                frozenBecause: frozen[layer.name],
                times: times.ofLayer(index)
            )
        }
    }

    private func both(_ count: (Network) -> Int) -> BeforeAfter<Int> {
        BeforeAfter(before: count(teacher.network), after: count(student))
    }

    /// A fused activation is a layer of its own here, and Keras has no class for it.
    private func className(of index: Int) -> String {
        guard let source = teacher.source(ofNetworkLayer: index) else { return "-" }
        let isFused =
            source.networkLayers.first != index
            && teacher.network.layers[index].weights.isEmpty
        return isFused ? "Activation" : source.className
    }
}

extension Network {
    /// Multiply-accumulates of all calls of a layer for one sample.
    fileprivate func macs(ofLayer index: Int) -> Int {
        let layer = layers[index]
        return calls[index].reduce(0) { total, call in
            let uses = layer.kind.rule.uses(inputs: inputShapes(of: call), output: shapes[call])
            return total + zip(layer.weights, uses).reduce(0) { $0 + $1.0.count * $1.1 }
        }
    }
}
