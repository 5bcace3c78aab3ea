import Datasets
import Graph
import Tensors

/// Several compressions of one teacher: every method with every budget, one after another.
///
/// The first measures the teacher and its sensitivity; the others go on from there. The caller stores each outcome when it
/// is there, then calls ``next()``; a series resumed from a checkpoint gives the same bytes.
public final class CompressionSeries {
    private let contexts: [CompressionContext]
    private let scansSensitivity: Bool
    private let budgets: [Budget]
    /// The compression at work.
    public private(set) var run: CompressionRun

    /// Starts a series; every budget is checked before any work.
    ///
    /// - Parameters:
    ///   - teacher: The network as it was dropped.
    ///   - data: Its samples.
    ///   - plans: What is asked, at least one; they may differ in method and budget only.
    ///   - clock: Seconds of a clock that only goes forward: read only where a budget is latency.
    /// - Throws: ``CompressionError`` where the network, the samples and a budget do not go together.
    public init(
        teacher: Network,
        data: CompressionData,
        plans: [CompressionPlan],
        clock: (() -> Double)? = nil
    ) throws(CompressionError) {
        precondition(!plans.isEmpty, "a series of nothing")
        let first = try CompressionContext(
            teacher: teacher,
            data: data,
            plan: plans[0],
            clock: clock
        )
        var contexts = [first]
        for plan in plans.dropFirst() { contexts.append(try first.replacing(plan)) }
        self.contexts = contexts
        scansSensitivity = plans.contains { $0.method.needsSensitivity($0) }
        budgets = plans.map(\.budget)
        run = CompressionRun(first, scansSensitivity: scansSensitivity, budgets: budgets)
    }

    /// Goes on where a checkpoint was taken; teacher, data and plans must be the ones it was taken with.
    public convenience init(
        teacher: Network,
        data: CompressionData,
        plans: [CompressionPlan],
        clock: (() -> Double)? = nil,
        resuming checkpoint: [UInt8]
    ) throws(CompressionError) {
        try self.init(teacher: teacher, data: data, plans: plans, clock: clock)
        let position = try CompressionRun.position(in: checkpoint)
        guard contexts.indices.contains(position) else {
            throw .checkpointMismatch(
                expected: "one of \(contexts.count) compressions",
                found: "number \(position + 1)"
            )
        }
        run = makeRun(position)
        try run.restore(checkpoint)
    }

    /// Which compression is at work, counted from zero.
    public var position: Int { run.state.position }

    /// How many there are.
    public var count: Int { contexts.count }

    /// Goes on to the next compression once one has its outcome.
    ///
    /// - Returns: Whether there is a next one.
    public func next() -> Bool {
        let following = position + 1
        guard following < contexts.count else { return false }
        let other = makeRun(following)
        other.prepare(after: run)
        run = other
        return true
    }

    private func makeRun(_ position: Int) -> CompressionRun {
        CompressionRun(
            contexts[position],
            scansSensitivity: scansSensitivity,
            budgets: budgets
        )
    }
}
