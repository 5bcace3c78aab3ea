import Graph
import Tensors

/// LASSO front to back: a group is chosen once everything before its reader is cut and fitted.
///
/// Source: He, Zhang, Sun 2017, "Channel Pruning for Accelerating Very Deep Neural Networks", arXiv:1707.06168, section
///   3.2. Differs: groups that several layers read, such as a residual stage's, are chosen on the teacher beforehand; the
///   authors sample the inputs of a branch's first layer instead.
extension CompressionRun {
    /// Whether groups are chosen while the network is repaired.
    var choosesOnTheWay: Bool {
        context.plan.method == .lasso && context.plan.compensation.isEnabled
    }

    /// The one node that reads a group; nil where several do, or one that cannot be fitted.
    func readingCall(of group: Int) -> Int? {
        let slices = groups[group].consumerSlices
        guard slices.count == 1, context.isPrunable[group] else { return nil }
        let calls = context.teacher.calls[slices[0].place.layer]
        return calls.count == 1 && repairCalls.contains(calls[0]) ? calls[0] : nil
    }

    /// The widths that groups have before their readers are fitted: those chosen on the way are whole until then.
    func widthsBeforeRepair(_ kept: [Int]) -> [Int] {
        guard choosesOnTheWay else { return kept }
        return groups.indices.map { readingCall(of: $0) == nil ? kept[$0] : groups[$0].width }
    }

    /// Chooses and cuts the groups that one node reads.
    func chooseByLasso(at call: Int, of network: inout Network) throws(CompressionError) {
        guard choosesOnTheWay, let target = state.pending?.allocation.kept else { return }
        for group in groups.indices where readingCall(of: group) == call {
            let removals = groups[group].width - target[group]
            guard removals > 0, state.kept[group].count == groups[group].width else { continue }
            let analysis = CouplingAnalysis(network)
            let name = groups[group].name
            guard let own = analysis.groups.firstIndex(where: { $0.name == name }) else { continue }
            let removed = try lassoRemoved(removals, at: call, analysis.groups[own], network, group)
            let kept = (0..<groups[group].width).filter { !removed.contains($0) }
            network = try network.cut(
                to: analysis.units(keeping: kept, ofGroup: own),
                of: analysis
            )
            state.kept[group] = kept
            // What was carried on is of the wider network.
            compensation = nil
        }
    }

    private func lassoRemoved(
        _ count: Int,
        at call: Int,
        _ own: CoupledGroup,
        _ network: Network,
        _ group: Int
    ) throws(CompressionError) -> [Int] {
        let kernel = network.layer(of: call).weights[0].shape
        var repair =
            compensation
            ?? makeCompensation(reference: context.teacher, context.analysis, state.kept)
        compensation = nil
        let columns = own.consumerSlices[0].columns(of: kernel)
        let choice = repair.lassoChoice(at: call, of: network, columns: columns)
        compensation = repair
        if let choice { return choice.removed(count) }
        return try removed(count, of: group) ?? Array(target(of: group)..<groups[group].width)
    }

    private func target(of group: Int) -> Int {
        state.pending?.allocation.kept[group] ?? groups[group].width
    }
}
