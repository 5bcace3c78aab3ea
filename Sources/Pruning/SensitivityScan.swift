import Datasets
import Engine
import Graph
import Tensors

/// What one group's points share: the values of all nodes before the group, which no cut of it changes.
struct SensitivityScan {
    let group: Int
    private let calibration: [[Int: Tensor]]
    private let scanned: [[Int: Tensor]]
    /// The nodes that a cut of this group changes.
    private let downstream: [Int]

    /// Works out the values that the changed part of the network reads, for calibration and held-out samples.
    init(group: Int, context: CompressionContext) {
        self.group = group
        let network = context.teacher
        var isChanged = [Bool](repeating: false, count: network.nodes.count)
        let touched = Set(context.analysis.groups[group].slices.map(\.place.layer))
        for (index, node) in network.nodes.enumerated() {
            isChanged[index] =
                touched.contains(node.layer) || node.inputs.contains { isChanged[$0] }
        }
        downstream = isChanged.indices.filter { isChanged[$0] }
        let frontier = Set(
            downstream.flatMap { network.nodes[$0].inputs }.filter { !isChanged[$0] })
        let inference = Inference(network)
        func values(_ batch: Tensor) -> [Int: Tensor] {
            inference.values(of: frontier.sorted(), inputs: [batch])
        }
        calibration = context.calibrationBatches.map(values)
        let evaluation = context.scanned
        scanned = evaluation.batches.map { values(evaluation.samples.batch(Array($0))) }
    }

    /// The quality of the network with the given units of the group kept, after BatchNorm re-estimation.
    func quality(
        keeping kept: [Int],
        context: CompressionContext
    ) throws(CompressionError) -> Quality {
        var units = context.analysis.groups.map { Array(0..<$0.width) }
        units[group] = kept
        var network: Network
        do {
            network = try context.teacher.keeping(units, of: context.analysis)
        } catch {
            throw .surgery(error)
        }
        network.reestimateBatchNorm(over: calibration.count) { ([], calibration[$0]) }
        return context.scanned.quality(of: network) { scanned[$0] }
    }

    /// The macs of one sample through the changed part, and through the whole network.
    func macs(context: CompressionContext) -> (changed: Int, whole: Int) {
        let network = context.teacher
        let own = Set(downstream)
        var changed = 0
        var whole = 0
        for (index, node) in network.nodes.enumerated() {
            let layer = network.layers[node.layer]
            let uses = layer.kind.rule.uses(
                inputs: network.inputShapes(of: index), output: network.shapes[index])
            let macs = zip(layer.weights, uses).reduce(0) { $0 + $1.0.count * $1.1 }
            whole += macs
            if own.contains(index) { changed += macs }
        }
        return (changed, whole)
    }
}
