import JobFiles

/// Metrics of a job that never ran, with every field in use; values by formulas, so that pages made of them are always the same.
enum SampleMetrics {
    /// A residual network with a number of blocks.
    ///
    /// - Parameters:
    ///   - name: What job, model and layers are called.
    ///   - blocks: Three layers and one group each.
    /// - Returns: The metrics.
    static func job(named name: String = "resnet", blocks: Int = 3) -> JobMetrics {
        var metrics = JobMetrics(
            run: run(name),
            model: BeforeAfter(
                before: model(0.8719, macs: 12_501_632, parameters: 78_666, bytes: 361_104),
                after: model(0.8654, macs: 6_201_344, parameters: 37_012, bytes: 196_640)
            ),
            budget: BudgetMetrics(
                unit: "macs",
                asked: 0.5,
                limit: 6_250_816,
                achieved: 6_201_344,
                teacher: 12_501_632
            ),
            stages: StageQualities(
                pruned: quality(0.31),
                compensated: quality(0.74),
                reestimated: quality(0.782),
                distilled: quality(0.866)
            ),
            groups: (0..<blocks).map { group($0, name: name) },
            scan: ScanMetrics(
                macs: 41_000_000,
                macsWithoutCache: 100_000_000,
                layerExecutions: 4200,
                layerExecutionsWithoutCache: 9800
            ),
            layers: layers(blocks, name: name),
            frozenLayers: [
                LayerReasonMetrics(name: "\(name)_answer", reason: "it is the network's output")
            ],
            repairNotes: [
                LayerReasonMetrics(name: "\(name)_1_b", reason: "its inputs are too wide to fit")
            ],
            candidates: candidates(blocks),
            epochs: (0..<10).map(epoch),
            latency: [1, 32].map(latency),
            verification: VerificationMetrics(
                largestOutputDifference: 2.4e-7,
                tolerance: 1e-4,
                samples: 64
            )
        )
        metrics.classes = (0..<10).map { label in
            ClassMetrics(
                label: label,
                samples: 100,
                correct: BeforeAfter(before: 80 + label, after: 88 - label)
            )
        }
        metrics.confusions = [
            ConfusionMetrics(label: 3, answer: 5, samples: BeforeAfter(before: 9, after: 17)),
            ConfusionMetrics(label: 9, answer: 1, samples: BeforeAfter(before: 6, after: 2)),
        ]
        return metrics
    }

    static func quality(_ accuracy: Double, samples: Int? = nil) -> QualityMetrics {
        QualityMetrics(
            accuracy: accuracy,
            top5Accuracy: 0.5 + accuracy / 2,
            loss: 2.5 * (1 - accuracy),
            samples: samples
        )
    }

    private static func model(
        _ accuracy: Double,
        macs: Int,
        parameters: Int,
        bytes: Int
    ) -> ModelMetrics {
        ModelMetrics(
            test: quality(accuracy, samples: 10_000),
            heldOut: quality(accuracy + 0.002, samples: 5000),
            trainableParameters: parameters - 512,
            parameters: parameters,
            macs: macs,
            activationElements: macs / 64,
            peakActivationBytes: macs / 64,
            fileBytes: bytes
        )
    }

    private static func group(_ index: Int, name: String) -> GroupMetrics {
        let width = 16 << min(index, 4)
        let steps = [0.25, 0.5, 0.75]
        return GroupMetrics(
            name: "\(name)_\(index)_a",
            producers: ["\(name)_\(index)_a"],
            consumers: ["\(name)_\(index)_b"],
            units: BeforeAfter(before: width, after: width * 5 / 8),
            note: index == 1 ? "a freeze pattern of the spec names it" : nil,
            sensitivity: steps.map { fraction in
                SensitivityMetrics(
                    removedFraction: fraction,
                    keptUnits: width - Int(fraction * Double(width)),
                    heldOut: quality(0.87 - 0.2 * fraction * fraction * Double(index + 1))
                )
            },
            search: SearchMetrics(
                cut: index == 1 ? 0.026 : 0.021,
                genetic: 0.021,
                greedy: 0.0224,
                diagonal: 0.034,
                magnitude: 0.05,
                random: 0.18,
                surgeon: index == 1 ? 0.026 : nil,
                chosen: index == 1 ? "surgeon" : "genetic",
                lowerBound: index == 1 ? nil : 0.017 + (index == 0 ? 0.004 : 0),
                optimum: index == 0 ? 0.021 : nil,
                generations: (0..<12).map { 0.021 + 0.02 / Double(1 + $0 * $0) }
            ),
            compensation: CompensationMetrics(
                raw: 0.09,
                folded: 0.021,
                leastSquares: index == 1 ? nil : 0.008,
                fitted: index == 1 ? nil : 0.012
            )
        )
    }

    private static func layers(_ blocks: Int, name: String) -> [LayerMetrics] {
        func layer(
            _ own: String,
            _ className: String,
            _ inputs: [String],
            _ channels: BeforeAfter<Int>,
            macs: Int,
            groups: [String] = [],
            frozen: String? = nil
        ) -> LayerMetrics {
            let cost = BeforeAfter(before: macs, after: macs / 2)
            let milliseconds = Double(macs) / 1e6
            return LayerMetrics(
                name: own,
                className: className,
                inputs: inputs,
                outputShape: BeforeAfter(
                    before: [8, 8, channels.before],
                    after: [8, 8, channels.after]
                ),
                parameters: cost,
                macs: cost,
                groups: groups,
                frozenBecause: frozen,
                times: [1, 32].map { batch in
                    LayerTimeMetrics(
                        batchSamples: batch,
                        medianMilliseconds: BeforeAfter(
                            before: milliseconds * Double(batch),
                            after: milliseconds * Double(batch) * 0.6
                        )
                    )
                }
            )
        }
        let whole = BeforeAfter(before: 16, after: 16)
        var layers = [layer("\(name)_in", "InputLayer", [], whole, macs: 0)]
        var last = "\(name)_in"
        for block in 0..<blocks {
            let width = 16 << min(block, 4)
            let cut = BeforeAfter(before: width, after: width * 5 / 8)
            let (a, b, sum) = ("\(name)_\(block)_a", "\(name)_\(block)_b", "\(name)_\(block)_add")
            layers += [
                layer(a, "Conv2D", [last], cut, macs: 40_000 * (block + 1), groups: [a]),
                layer(b, "Conv2D", [a], whole, macs: 30_000 * (block + 1)),
                layer(sum, "Add", [b, last], whole, macs: 0),
            ]
            last = sum
        }
        let reason = "it is the network's output"
        let ten = BeforeAfter(before: 10, after: 10)
        return layers + [
            layer("\(name)_answer", "Dense", [last], ten, macs: 640, frozen: reason)
        ]
    }

    private static func candidates(_ groups: Int) -> [CandidateMetrics] {
        [("sensitivity", 0.782), ("reconstruction", 0.77), ("uniform", 0.743)].enumerated().map {
            index,
            entry in
            CandidateMetrics(
                name: entry.0,
                macs: 6_201_344 + 20_000 * index,
                parameters: 37_012 + 900 * index,
                keptUnits: [Int](repeating: 10, count: groups),
                heldOut: quality(entry.1),
                isRounded: index == 1,
                isChosen: index == 0
            )
        }
    }

    private static func epoch(_ index: Int) -> EpochMetrics {
        EpochMetrics(
            epoch: index,
            loss: 1.2 / Double(index + 1) + 0.4,
            accuracy: 0.86 - 0.2 / Double(index + 1),
            learningRate: 0.001 * (1 - Double(index) / 10),
            heldOut: quality(0.866 - 0.1 / Double(index + 1))
        )
    }

    private static func latency(_ batch: Int) -> LatencyMetrics {
        let count = Double(batch)
        return LatencyMetrics(
            batchSamples: batch,
            threads: 2,
            medianMilliseconds: BeforeAfter(before: 1.25 * count, after: 0.75 * count),
            lowestMilliseconds: BeforeAfter(before: 1.125 * count, after: 0.625 * count),
            highestMilliseconds: BeforeAfter(before: 1.5 * count, after: count),
            passes: 7
        )
    }

    private static func run(_ name: String) -> RunMetrics {
        let hash = String(repeating: "0123456789abcdef", count: 4)
        return RunMetrics(
            job: name,
            modelName: "\(name) of a test",
            method: "genetic",
            seed: 7,
            versions: VersionMetrics(espalier: "0.0.0", keras: "2.15.0"),
            machine: MachineMetrics(
                hostName: "host",
                kernel: "Linux 6.1",
                architecture: "x86_64",
                processor: "a processor",
                processors: 2
            ),
            threads: 2,
            startedAt: "2026-01-02T03:04:05Z",
            finishedAt: "2026-01-02T03:24:05Z",
            stageTimes: [
                StageTimeMetrics(
                    stage: "sensitivity",
                    wallSeconds: 61.5,
                    cpuSeconds: 118,
                    steps: 63
                ),
                StageTimeMetrics(
                    stage: "distillation",
                    wallSeconds: 1100,
                    cpuSeconds: 2100,
                    steps: 220
                ),
            ],
            attempts: 2,
            resumes: [
                ResumeMetrics(
                    stage: "distillation",
                    step: 88,
                    steps: 220,
                    isFallback: false,
                    at: "2026-01-02T03:14:05Z"
                )
            ],
            files: FileMetrics(
                modelSha256: BeforeAfter(before: hash, after: String(hash.reversed())),
                specSha256: hash,
                data: "data.h5",
                dataSha256: hash,
                dataBytes: 123_456_789
            )
        )
    }
}
