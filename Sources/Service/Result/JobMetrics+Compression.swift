import Graph
import JobFiles
import KerasFormat
import Pruning

extension JobMetrics {
    /// Says a compression's record in the words of the public contract.
    ///
    /// - Parameters:
    ///   - record: What the compression found out.
    ///   - run: Who, what, when, where.
    ///   - models: Both models, for their layers.
    ///   - fileBytes: The lengths of both model files.
    ///   - samples: The numbers of held-out and of test samples.
    ///   - times: What was measured on this machine.
    ///   - verification: What the delivered file was checked for.
    ///   - budget: The budget as the plan has it.
    init(
        _ record: CompressionRecord,
        run: RunMetrics,
        models: ModelPair,
        fileBytes: BeforeAfter<Int>,
        samples: (heldOut: Int, test: Int),
        times: ForwardTimes,
        verification: VerificationMetrics,
        budget: Budget
    ) {
        func model(_ side: KeyPath<BeforeAfter<Int>, Int>, _ isStudent: Bool) -> ModelMetrics {
            let cost = isStudent ? record.studentCost : record.teacherCost
            let test = isStudent ? record.studentTest : record.teacherTest
            return ModelMetrics(
                test: test.map { QualityMetrics($0, samples: samples.test) },
                heldOut: QualityMetrics(
                    isStudent ? record.distilled : record.teacher,
                    samples: samples.heldOut
                ),
                trainableParameters: cost.trainableParameters,
                parameters: cost.parameters,
                macs: cost.macs,
                activationElements: models.activationElements[keyPath: side],
                peakActivationBytes: models.peakActivationBytes[keyPath: side],
                fileBytes: fileBytes[keyPath: side]
            )
        }
        self.init(
            run: run,
            model: BeforeAfter(before: model(\.before, false), after: model(\.after, true)),
            budget: BudgetMetrics(budget, record),
            stages: StageQualities(
                pruned: QualityMetrics(record.pruned),
                compensated: QualityMetrics(record.compensated),
                reestimated: QualityMetrics(record.reestimated),
                distilled: QualityMetrics(record.distilled)
            ),
            groups: record.groups.map(GroupMetrics.init),
            scan: record.scanWork.isEmpty ? nil : ScanMetrics(record.scanWork),
            layers: models.layers(frozen: record.frozen, groups: record.groups, times: times),
            frozenLayers: record.frozen.sorted { $0.key < $1.key }
                .map { LayerReasonMetrics(name: $0.key, reason: $0.value) },
            repairNotes: record.repairNotes.sorted { $0.key < $1.key }
                .map { LayerReasonMetrics(name: $0.key, reason: $0.value) },
            candidates: record.candidates.enumerated().map { index, candidate in
                CandidateMetrics(candidate, isChosen: index == 0)
            },
            epochs: record.epochs.map(EpochMetrics.init),
            latency: times.latency,
            verification: verification
        )
        if let teacher = record.teacherConfusion, let student = record.studentConfusion {
            addConfusions(before: teacher, after: student)
        }
    }

    /// Adds what two confusion matrices of the test samples say; row: label, column: answer.
    private mutating func addConfusions(before: [[Int]], after: [[Int]]) {
        guard before.count == after.count, !before.isEmpty else { return }
        classes = zip(before, after).enumerated().map { label, rows in
            ClassMetrics(
                label: label,
                samples: rows.0.reduce(0, +),
                correct: BeforeAfter(before: rows.0[label], after: rows.1[label])
            )
        }
        var changed: [ConfusionMetrics] = []
        for (label, rows) in zip(before, after).enumerated() {
            for (answer, counts) in zip(rows.0, rows.1).enumerated()
            where answer != label && counts.0 != counts.1 {
                changed.append(
                    ConfusionMetrics(
                        label: label,
                        answer: answer,
                        samples: BeforeAfter(before: counts.0, after: counts.1)
                    )
                )
            }
        }
        func amount(_ confusion: ConfusionMetrics) -> Int {
            abs(confusion.samples.after - confusion.samples.before)
        }
        confusions = Array(
            changed.sorted { left, right in
                (-amount(left), left.label, left.answer) < (
                    -amount(right), right.label, right.answer
                )
            }.prefix(Self.mostConfusions)
        )
    }

    private static let mostConfusions = 20
}

extension QualityMetrics {
    init(_ quality: Quality, samples: Int? = nil) {
        self.init(
            accuracy: quality.accuracy,
            top5Accuracy: quality.topFiveAccuracy,
            loss: quality.loss,
            samples: samples
        )
    }
}

extension BudgetMetrics {
    init(_ budget: Budget, _ record: CompressionRecord) {
        let asked: Double
        switch budget.limit {
        case .fraction(let fraction): asked = fraction
        case .count(let count): asked = Double(count)
        }
        /// What a network takes in the budget's unit; a tolerated loss of accuracy is turned into macs by the search for it.
        func count(_ cost: Cost, nanoseconds: Int?) -> Double {
            switch budget.unit {
            case .macs, .accuracyDrop: Double(cost.macs)
            case .parameters: Double(cost.parameters)
            case .bytes: 4 * Double(cost.parameters)
            case .latency: Double(nanoseconds ?? 0)
            }
        }
        self.init(
            unit: budget.unit.rawValue,
            asked: asked,
            limit: Double(record.limit),
            achieved: count(record.studentCost, nanoseconds: record.studentLatency),
            teacher: count(record.teacherCost, nanoseconds: record.teacherLatency)
        )
    }
}

extension GroupMetrics {
    init(_ record: GroupRecord) {
        self.init(
            name: record.name,
            producers: record.producers,
            consumers: record.consumers,
            units: BeforeAfter(before: record.width, after: record.kept.count),
            note: record.note,
            sensitivity: record.sensitivity.map { point in
                SensitivityMetrics(
                    removedFraction: point.fraction,
                    keptUnits: point.kept,
                    heldOut: QualityMetrics(point.quality)
                )
            },
            search: record.search.map { search in
                SearchMetrics(
                    cut: search.cut,
                    genetic: search.genetic,
                    greedy: search.greedy,
                    diagonal: search.diagonal,
                    magnitude: search.magnitude,
                    random: search.random,
                    surgeon: search.surgeon,
                    chosen: search.chosen,
                    lowerBound: search.bound,
                    optimum: search.optimum,
                    generations: search.generations
                )
            },
            compensation: record.errors.map { errors in
                CompensationMetrics(
                    raw: errors.raw,
                    folded: errors.folded,
                    leastSquares: errors.isLeastSquaresKnown ? errors.leastSquares : nil,
                    fitted: errors.fitted
                )
            }
        )
    }
}

extension CandidateMetrics {
    init(_ record: CandidateRecord, isChosen: Bool) {
        self.init(
            name: record.name,
            macs: record.cost.macs,
            parameters: record.cost.parameters,
            keptUnits: record.kept,
            heldOut: QualityMetrics(record.quality),
            isRounded: record.isRounded,
            isChosen: isChosen
        )
    }
}

extension EpochMetrics {
    init(_ record: EpochRecord) {
        self.init(
            epoch: record.epoch,
            loss: record.loss,
            accuracy: record.accuracy,
            learningRate: record.learningRate,
            heldOut: QualityMetrics(record.validation)
        )
    }
}

extension KeptChannels {
    init(_ record: CompressionRecord) {
        self.init(
            groups: record.groups.map { group in
                Group(
                    name: group.name,
                    producers: group.producers,
                    units: group.width,
                    kept: group.kept
                )
            }
        )
    }
}

extension ScanMetrics {
    fileprivate init(_ work: ScanWork) {
        self.init(
            macs: work.macs,
            macsWithoutCache: work.naiveMacs,
            layerExecutions: work.layers,
            layerExecutionsWithoutCache: work.naiveLayers
        )
    }
}
