import Datasets
import Engine
import Graph
import Tensors

/// The teacher, and what its groups bear.
extension CompressionRun {
    var groups: [CoupledGroup] { context.analysis.groups }

    /// Layer-wise objectives of all groups, gathered once per process: a resumed run gets the same bits again.
    func gatherMeasurements() {
        guard measurements.isEmpty else { return }
        let statistics = context.statistics(of: context.teacher, floors: context.floors)
        measurements = statistics.measure(
            groups.indices.map { context.isPrunable[$0] ? groups[$0] : nil }
        )
        state.notes = measurements.map(\.note)
    }

    func objective(of group: Int) -> GroupObjective? {
        gatherMeasurements()
        return measurements[group].objective
    }

    func measureBaseline() throws(CompressionError) -> String {
        let baseline = context.validation.quality(of: context.teacher)
        guard baseline.loss.isFinite else {
            throw .teacherNotFinite(layer: context.teacher.layer(of: context.head.output).name)
        }
        if context.plan.budget.unit == .latency, let clock = context.clock {
            let latency = LatencyModel(context.teacher, on: context.latencySamples, clock: clock)
            for budget in budgets { try context.checkReachable(latency, budget) }
            state.latency = latency
        }
        state.teacher = baseline
        return "teacher: \(baseline.text)"
    }

    func testResult(of network: Network) -> TestResult? {
        guard let test = context.data.test else { return nil }
        return Evaluation(
            samples: test,
            teacher: context.teacher,
            head: context.head,
            batchSize: context.plan.batchSize
        ).result(of: network)
    }

    func measureSensitivity() throws(CompressionError) -> String {
        let fractions = context.plan.sensitivity.fractions
        let order = SensitivityScan.order(of: context.scannedGroups, context: context)
        let position = state.step / fractions.count
        let group = order[position]
        let fraction = fractions[state.step % fractions.count]
        let width = groups[group].width
        let removals = min(width - 1, Int((fraction * Double(width)).rounded()))
        guard let objective = objective(of: group) else {
            return "\(groups[group].name): \(measurements[group].note ?? "not measured")"
        }
        let going = objective.centred.greedyOrder().prefix(removals)
        let kept = Set(0..<width).subtracting(going).sorted()
        var scan = scan ?? SensitivityScan(context)
        self.scan = nil
        let point = try scan.point(
            ofGroup: group,
            keeping: kept,
            after: position > 0 ? order[position - 1] : nil,
            isFirst: state.step % fractions.count == 0
        )
        self.scan = scan
        state.scanWork += point.work
        state.sensitivity[group].append(
            SensitivityPoint(fraction: fraction, kept: kept.count, quality: point.quality)
        )
        return "\(groups[group].name) without \(removals) of \(width): \(point.quality.text)"
    }

    func makeCurves() -> AllocationCurves {
        gatherMeasurements()
        let base = state.teacher?.loss ?? 0
        let sensitivity = groups.indices.map { group in
            RemovalCurve(
                state.sensitivity[group].map { point in
                    (share(of: group, kept: point.kept), max(0, point.quality.loss - base))
                }
            )
        }
        let combined = groups.indices.map { group in
            RemovalCurve(
                state.sensitivity[group].map { point in
                    let rise = max(0, point.quality.loss - base)
                    let removals = groups[group].width - point.kept
                    return (share(of: group, kept: point.kept), rise * remainder(group, removals))
                }
            )
        }
        return AllocationCurves(
            sensitivity: sensitivity,
            reconstruction: groups.indices.map(reconstructionCurve),
            combined: combined
        )
    }

    private func share(of group: Int, kept: Int) -> Double {
        1 - Double(kept) / Double(groups[group].width)
    }

    /// The share of the folded error that least squares leaves when so many units go; 1 where it is not known.
    private func remainder(_ group: Int, _ removals: Int) -> Double {
        guard let objective = measurements[group].objective, let removal = objective.removal,
            removals < removal.energies.count, context.plan.compensation.isEnabled
        else { return 1 }
        let going = Array(objective.centred.greedyOrder().prefix(removals))
        let folded = objective.centred.energy(removing: going)
        return folded > 0 ? min(1, removal.energies[removals] / folded) : 1
    }

    private func reconstructionCurve(_ group: Int) -> RemovalCurve {
        guard let objective = measurements[group].objective else { return RemovalCurve([(1, 1)]) }
        let width = groups[group].width
        if context.plan.compensation.isEnabled, let removal = objective.removal {
            return RemovalCurve(
                removal.energies.enumerated().map {
                    (Double($0.offset) / Double(width), $0.element)
                }
            )
        }
        let order = objective.centred.greedyOrder()
        return RemovalCurve(
            stride(from: 1, to: width, by: max(1, width / 32)).map { count in
                let energy = objective.centred.energy(removing: Array(order.prefix(count)))
                return (Double(count) / Double(width), energy)
            }
        )
    }
}

extension Quality {
    /// The quality for a person.
    var text: String {
        let loss = "loss \(rounded(loss, 4))"
        return accuracy.map { "accuracy \(rounded($0 * 100, 2)) %, \(loss)" } ?? loss
    }

    private func rounded(_ value: Double, _ digits: Int) -> String {
        let scale = Double.power(10, Double(digits))
        return "\((value * scale).rounded() / scale)"
    }

    /// More samples right, or as many right with a smaller loss; without labels a smaller loss.
    func isBetter(than other: Quality?) -> Bool {
        guard let other else { return true }
        if let own = accuracy, let theirs = other.accuracy, own != theirs { return own > theirs }
        return loss < other.loss
    }
}
