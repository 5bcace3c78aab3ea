import Datasets
import Graph
import Pruning
import Tensors
import Testing

/// All weights of a network as bits.
func bits(_ network: Network) -> [[UInt32]] {
    network.layers.flatMap { $0.weights.map { $0.values.map(\.bitPattern) } }
}

/// Runs a compression, and again from each of its steps; every one must end with the same bits and the same record.
///
/// - Returns: What it ends with.
func outcomeFromEveryStep(
    teacher: Network,
    data: CompressionData,
    plan: CompressionPlan
) throws -> CompressionOutcome {
    let whole = try CompressionRun(teacher: teacher, data: data, plan: plan)
    var checkpoints = [whole.checkpoint()]
    while try whole.advance() { checkpoints.append(whole.checkpoint()) }
    let outcome = try #require(whole.outcome)
    for checkpoint in checkpoints {
        let resumed = try CompressionRun(
            teacher: teacher,
            data: data,
            plan: plan,
            resuming: checkpoint
        )
        while try resumed.advance() {}
        let again = try #require(resumed.outcome)
        #expect(bits(again.student) == bits(outcome.student))
        #expect(again.record == outcome.record)
    }
    return outcome
}
