import Graph

/// What a finished run hands over.
extension CompressionRun {
    func makeOutcome() throws(CompressionError) -> CompressionOutcome {
        guard let student, let teacher = state.teacher, let pruned = state.pruned,
            let compensated = state.chosen?.compensated,
            let reestimated = state.chosen?.reestimated, let distilled = state.distilled
        else {
            throw .checkpointMismatch(expected: "all stages done", found: "a gap")
        }
        var record = CompressionRecord(
            teacher: teacher,
            teacherTest: state.teacherTest?.quality,
            teacherCost: context.teacher.cost,
            studentCost: student.cost,
            activationElements: [
                context.teacher.activationElements, student.activationElements,
            ],
            limit: limit,
            groups: context.analysis.groups.indices.map(groupRecord),
            frozen: CompressionContext.frozenReasons(context.teacher, context.analysis),
            candidates: state.candidates,
            pruned: pruned,
            compensated: compensated,
            reestimated: reestimated,
            distilled: distilled,
            studentTest: state.studentTest?.quality,
            epochs: state.epochs,
            scanWork: state.scanWork
        )
        record.teacherConfusion = state.teacherTest?.confusion
        record.studentConfusion = state.studentTest?.confusion
        record.repairNotes = state.chosen?.notes ?? [:]
        record.fitResiduals = state.chosen?.residuals ?? [:]
        record.teacherLatency = state.latency?.whole
        let isCut = state.kept.map(\.count) != groups.map(\.width)
        record.studentLatency = isCut ? state.candidates.first?.latency : state.latency?.whole
        return CompressionOutcome(student: student, record: record)
    }

    /// The most the budget left; of an accuracy drop the macs it came to.
    private var limit: Int {
        switch context.plan.budget.unit {
        case .macs, .parameters, .bytes, .latency: context.limit(state.latency)
        case .accuracyDrop: context.model.cost(keeping: state.kept.map(\.count)).macs
        }
    }

    private func note(of index: Int) -> String? {
        guard context.isPrunable[index] else { return "a freeze pattern of the spec names it" }
        guard context.plan.method == .bnScale else { return state.notes[index] }
        return WeightScores(.batchNormScale, of: groups[index], in: context.teacher).note
            ?? state.notes[index]
    }

    private func groupRecord(_ index: Int) -> GroupRecord {
        let group = context.analysis.groups[index]
        func names(_ layers: [Int]) -> [String] { layers.map { context.teacher.layers[$0].name } }
        var errors = state.errors[index]
        let residuals = names(group.consumers).compactMap { state.chosen?.residuals[$0] }
        errors?.fitted = residuals.isEmpty ? nil : residuals.reduce(0, +)
        return GroupRecord(
            name: group.name,
            producers: names(group.producers),
            consumers: names(group.consumers),
            width: group.width,
            kept: state.kept[index],
            note: note(of: index),
            sensitivity: state.sensitivity[index],
            search: state.searches[index],
            errors: errors
        )
    }
}
