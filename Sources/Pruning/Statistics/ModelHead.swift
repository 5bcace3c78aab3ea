import Datasets
import Graph
import Tensors

/// Where a network's answer is read for losses.
struct ModelHead: Sendable {
    /// The node of the answer.
    let output: Int
    /// The node whose value is the logits: before a final softmax, else the output itself.
    let logits: Int
    /// Whether the answer is a softmax.
    let isSoftmax: Bool
    /// The numbers per sample.
    let classes: Int

    init(_ network: Network) throws(CompressionError) {
        guard network.inputs.count == 1, let output = network.outputs.first,
            network.outputs.count == 1
        else {
            throw .severalInputsOrOutputs(
                inputs: network.inputs.count,
                outputs: network.outputs.count
            )
        }
        self.output = output
        isSoftmax = network.layer(of: output).kind == .activation(.softmax)
        logits = isSoftmax ? network.nodes[output].inputs[0] : output
        classes = network.shapes[output].channels
    }
}

extension SampleSet {
    /// The labels, where they name one of several classes.
    func classLabels(for head: ModelHead, shape: Shape) -> [Int32]? {
        head.classes > 1 && shape.rank == 1 ? labels : nil
    }

    /// Makes sure that every label names one of the network's classes.
    func checkLabels(for head: ModelHead, shape: Shape) throws(CompressionError) {
        let classes = 0..<Int32(clamping: head.classes)
        let stray = classLabels(for: head, shape: shape)?.filter { !classes.contains($0) } ?? []
        guard let worst = stray.max(by: { $0.magnitude < $1.magnitude }) else { return }
        throw .labelRange(classes: head.classes, largest: Int(worst))
    }
}
