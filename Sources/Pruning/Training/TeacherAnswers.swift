import Datasets
import Engine
import Graph
import Tensors

/// The teacher's answer to every training sample as it is stored, worked out once.
///
/// Answers are computed in the order of the samples, so that they do not depend on when a run was resumed.
struct TeacherAnswers: Sendable {
    private let values: Tensor

    /// More bytes than this are not kept.
    private static let largest = 256 << 20

    /// Works the answers out; nil where they would take too much memory.
    init?(_ teacher: Network, at node: Int, samples: SampleSet, batchSize: Int) {
        let shape = teacher.shapes[node].batched(samples.count)
        guard let count = shape.checkedCount, count <= Self.largest / 4 else { return nil }
        values = samples.values(at: node, of: teacher, batchSize: batchSize)
    }

    /// The answers to some samples, in their order.
    func batch(_ indices: [Int]) -> Tensor { values.selecting(indices, axis: 0) }
}

extension SampleSet {
    /// The value of one node for every sample, computed batch by batch.
    func values(at node: Int, of network: Network, batchSize: Int) -> Tensor {
        let inference = Inference(network)
        var values: [Float] = []
        for range in chunks(of: batchSize, covering: count) {
            let batch = batch(Array(range))
            values += inference.values(of: [node], inputs: [batch])[node]?.values ?? []
        }
        return Tensor(network.shapes[node].batched(count), values: values)
    }
}
