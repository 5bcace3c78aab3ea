/// What a person wants to know first: is it smaller, is it still good, can it be trusted.
package struct ReportVerdict {
    private let metrics: JobMetrics

    package init(_ metrics: JobMetrics) { self.metrics = metrics }

    private var before: ModelMetrics { metrics.model.before }
    private var after: ModelMetrics { metrics.model.after }

    /// The change of accuracy from teacher to student; nil without labels.
    private var change: Double? {
        guard let left = before.quality.accuracy, let right = after.quality.accuracy else {
            return nil
        }
        return right - left
    }

    /// `good` within one point of the teacher, `fair` within five, `poor` past that or over the budget.
    package var className: String {
        guard metrics.budget.isMet else { return "poor" }
        guard let change else { return "good" }
        return change >= -0.01 ? "good" : change >= -0.05 ? "fair" : "poor"
    }

    package var sentence: String {
        let budget = metrics.budget
        let share = NumberText.percent(budget.achieved / max(budget.teacher, 1), digits: 1)
        let verb = budget.unit == "latency" ? "remains" : "remain"
        let kind = before.test == nil ? "held-out" : "test"
        guard let change, let accuracy = after.quality.accuracy else {
            return "\(share) of the \(budget.counted) \(verb); the outputs' \(kind) loss is "
                + "\(NumberText.fixed(after.quality.loss, 4))"
        }
        let amount = NumberText.fixed(abs(change * 100), 2)
        let words = change == 0 ? "as before" : "\(amount) points \(change < 0 ? "below" : "above")"
        return
            "\(share) of the \(budget.counted) \(verb), at \(NumberText.percent(accuracy)) \(kind) "
            + "accuracy: \(words)\(change == 0 ? "" : " the original")"
    }

    var headlines: [ReportPage.Fact] {
        let budget = metrics.budget
        var facts: [ReportPage.Fact] = []
        if let left = before.quality.accuracy, let right = after.quality.accuracy {
            facts.append(
                ReportPage.Fact(
                    name: before.test == nil ? "Held-out accuracy" : "Test accuracy",
                    value: NumberText.percent(right),
                    note: "was \(NumberText.percent(left)), \(NumberText.points(right - left))"
                )
            )
        }
        facts += [
            count("Macs", before.macs, after.macs),
            count("Parameters", before.parameters, after.parameters),
            count("File", before.fileBytes, after.fileBytes, unit: "B"),
            count(
                "Activation memory",
                before.peakActivationBytes,
                after.peakActivationBytes,
                unit: "B"
            ),
        ]
        for latency in metrics.latency {
            let median = latency.medianMilliseconds
            facts.append(
                ReportPage.Fact(
                    name: "Latency, batch \(latency.batchSamples)",
                    value: "\(NumberText.significant(median.after, 3)) ms",
                    note: "was \(NumberText.significant(median.before, 3)) ms, "
                        + "\(NumberText.fixed(median.before / max(median.after, 1e-9), 2)) times as fast"
                )
            )
        }
        facts.append(
            ReportPage.Fact(
                name: "Budget of \(budget.unit.replacing("_", with: " "))",
                value: budget.isMet ? "met" : "missed",
                note: "asked at most \(budget.shortText(budget.limit)), got "
                    + "\(budget.shortText(budget.achieved)) "
                    + "(\(NumberText.percent(budget.achieved / max(budget.limit, 1e-9), digits: 1)))"
            )
        )
        return facts
    }

    private func count(
        _ name: String,
        _ left: Int,
        _ right: Int,
        unit: String = ""
    ) -> ReportPage.Fact {
        let share = BeforeAfter(before: left, after: right).share
        func text(_ value: Int) -> String {
            unit == "B" ? NumberText.bytes(value) : NumberText.short(Double(value))
        }
        return ReportPage.Fact(
            name: name,
            value: text(right),
            note: "was \(text(left)), \(NumberText.percent(share, digits: 1)) remain"
        )
    }

    package var checks: [ReportPage.Check] {
        [budgetCheck, fileCheck, sampleCheck, uncertaintyCheck, interruptionCheck].compactMap { $0 }
    }

    private var budgetCheck: ReportPage.Check {
        let budget = metrics.budget
        let room = 1 - budget.achieved / max(budget.limit, 1e-9)
        return ReportPage.Check(
            isGood: budget.isMet,
            text: budget.isMet
                ? "The budget is kept, with \(NumberText.percent(room)) of it unused."
                : "The student is \(NumberText.percent(-room)) over the budget."
        )
    }

    private var fileCheck: ReportPage.Check {
        let check = metrics.verification
        return ReportPage.Check(
            isGood: check.largestOutputDifference <= check.tolerance,
            text: "The delivered file was read back: over \(check.samples) held-out samples its "
                + "outputs "
                + (check.largestOutputDifference == 0
                    ? "are those of the student that was measured, bit for bit."
                    : "differ by at most "
                        + "\(NumberText.significant(check.largestOutputDifference, 2)) from the "
                        + "student that was measured "
                        + "(\(NumberText.significant(check.tolerance, 2)) is let pass).")
        )
    }

    private var sampleCheck: ReportPage.Check {
        guard after.test != nil else {
            return ReportPage.Check(
                isGood: false,
                text:
                    "There were no labelled test samples: the quality is that on held-out samples, "
                    + "on which the decisions were made, so it may flatter."
            )
        }
        return ReportPage.Check(
            isGood: true,
            text:
                "The test samples took no part in any decision: not in sensitivity, search, repair "
                + "or the choice of the best epoch."
        )
    }

    /// Whether the change is larger than chance alone would make it.
    private var uncertaintyCheck: ReportPage.Check? {
        guard let change, let left = before.quality.accuracyUncertainty,
            let right = after.quality.accuracyUncertainty, let samples = after.quality.samples
        else { return nil }
        let uncertainty = (left * left + right * right).squareRoot()
        let amount = "\(NumberText.fixed(100 * uncertainty, 2)) points"
        return ReportPage.Check(
            isGood: abs(change) > uncertainty || change >= 0,
            text: abs(change) > uncertainty
                ? "With \(NumberText.grouped(samples)) samples, chance moves a difference of "
                    + "accuracies by up to \(amount): the change is real."
                : "With \(NumberText.grouped(samples)) samples, chance moves a difference of "
                    + "accuracies by up to \(amount): the change is within that."
        )
    }

    private var interruptionCheck: ReportPage.Check? {
        let resumes = metrics.run.resumes
        guard !resumes.isEmpty else { return nil }
        let fallbacks = resumes.count { $0.isFallback }
        let times = resumes.count == 1 ? "once" : "\(resumes.count) times"
        return ReportPage.Check(
            isGood: fallbacks == 0,
            text: "The job was interrupted and resumed from its checkpoint \(times); that does not "
                + "change the model."
                + (fallbacks > 0
                    ? " The newest checkpoint was damaged \(fallbacks) times and the one before it "
                        + "was taken." : "")
        )
    }
}
