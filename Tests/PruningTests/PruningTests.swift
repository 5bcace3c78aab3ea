import Datasets
import Engine
import Graph
import Pruning
import Tensors
import Testing

@Suite struct SearchTests {
    private func objective(_ size: Int, seed: UInt64) -> QuadraticObjective {
        var random = CounterRandom(seed: seed, stage: "objective")
        let root = (0..<size * size).map { _ in Double(random.nextNormal()) }
        var matrix = SquareMatrix(size: size)
        for row in 0..<size {
            for column in 0..<size {
                matrix[row, column] = (0..<size).reduce(0) {
                    $0 + root[row * size + $1] * root[column * size + $1]
                }
            }
        }
        return QuadraticObjective(matrix)
    }

    @Test("the search finds the optimum that enumeration finds", arguments: [1, 2, 3, 4, 5, 6])
    func optimum(seed: UInt64) throws {
        let objective = objective(12, seed: seed)
        let best = try #require(objective.optimum(removing: 5))
        var random = CounterRandom(seed: seed, stage: "search")
        let seeds = [objective.swapped(Array(objective.greedyOrder().prefix(5)))]
        let result = GeneticSearch(
            objective,
            removing: 5,
            settings: SearchSettings(),
            seeds: seeds
        ).run(using: &random)
        #expect(result.removed.count == 5)
        #expect(abs(result.energy - objective.energy(removing: best)) < 1e-9 * result.energy)
    }

    @Test("the plain search keeps the exact number and never gets worse")
    func plain() {
        var settings = SearchSettings()
        settings.mode = .plain
        let objective = objective(20, seed: 9)
        var random = CounterRandom(seed: 9, stage: "search")
        let result = GeneticSearch(objective, removing: 8, settings: settings).run(using: &random)
        #expect(result.removed.count == 8)
        #expect(zip(result.generations, result.generations.dropFirst()).allSatisfy { $0 >= $1 })
    }

    @Test("the energies of a population by one matrix product equal those one by one")
    func population() {
        let objective = objective(9, seed: 3)
        var random = CounterRandom(seed: 3, stage: "genomes")
        let genomes = (0..<7).map { _ in (0..<9).map { _ in Bool.random(using: &random) } }
        let energies = objective.energies(of: genomes.flatMap { $0.map { $0 ? 1 : 0 } }, count: 7)
        for (genome, energy) in zip(genomes, energies) {
            let alone = objective.energy(removing: genome.indices.filter { genome[$0] })
            #expect(abs(alone - energy) < 1e-9 * max(alone, 1))
        }
    }
}

@Suite struct CompressionRunTests {
    /// Conv, BatchNorm, ReLU, a residual block, pooling and a softmax head on 8 x 8 images.
    private func teacher() throws -> Network {
        var random = CounterRandom(seed: 5, stage: "teacher")
        func normal(_ shape: Shape, _ deviation: Float) -> Tensor {
            Tensor(shape, values: (0..<shape.count).map { _ in random.nextNormal() * deviation })
        }
        func convolution(_ name: String, _ input: Int, _ filters: Int) -> Layer {
            Layer(
                name: name,
                kind: .convolution2D(
                    Convolution2D(
                        filters: filters,
                        window: SlidingWindow(size: Size2D(3, 3), padding: .same),
                        usesBias: false
                    )
                ),
                weights: [normal([3, 3, input, filters], 0.25)]
            )
        }
        func normalization(_ name: String, _ channels: Int) -> Layer {
            Layer(
                name: name,
                kind: .batchNormalization(BatchNormalization()),
                weights: [
                    Tensor([channels], repeating: 1), normal([channels], 0.2),
                    normal([channels], 0.1), Tensor([channels], repeating: 1),
                ]
            )
        }
        let relu = LayerKind.activation(.relu())
        let layers = [
            Layer(name: "input", kind: .input(InputLayer(shape: [8, 8, 3]))),
            convolution("stem", 3, 8), normalization("stem_bn", 8), Layer(name: "r0", kind: relu),
            convolution("mid", 8, 12), normalization("mid_bn", 12), Layer(name: "r1", kind: relu),
            convolution("out", 12, 8), Layer(name: "add", kind: .merge(Merge(.add))),
            Layer(name: "pool", kind: .globalPooling2D(GlobalPooling2D(.average))),
            Layer(
                name: "head",
                kind: .dense(Dense(units: 4)),
                weights: [normal([8, 4], 1), Tensor([4])]
            ),
            Layer(name: "softmax", kind: .activation(.softmax)),
        ]
        let sources = [[], [0], [1], [2], [3], [4], [5], [6], [7, 3], [8], [9], [10]]
        return try Network(
            name: "tiny",
            layers: layers,
            nodes: sources.enumerated().map { Node(layer: $0.offset, inputs: $0.element) },
            inputs: [0],
            outputs: [11]
        )
    }

    private func data() -> CompressionData {
        var random = CounterRandom(seed: 6, stage: "data")
        func samples(_ count: Int) -> SampleSet {
            SampleSet(
                storage: .floats((0..<count * 192).map { _ in random.nextNormal() }),
                sampleShape: [8, 8, 3],
                labels: (0..<count).map { _ in Int32.random(in: 0..<4, using: &random) }
            )
        }
        return CompressionData(training: samples(96), validation: samples(40), test: samples(40))
    }

    private func plan() -> CompressionPlan {
        var plan = CompressionPlan(budget: Budget(.macs, .fraction(0.6)))
        plan.batchSize = 32
        plan.roundTo = 2
        plan.minimumChannels = 2
        plan.sensitivity.fractions = [0.25, 0.5]
        plan.search.generations = 5
        plan.compensation.images = 64
        plan.distillation.epochs = 2
        return plan
    }

    private func bytes(_ network: Network) -> [[UInt32]] {
        network.layers.flatMap { $0.weights.map { $0.values.map(\.bitPattern) } }
    }

    @Test("a run resumed from any step ends with the same bits, within budget")
    func resume() throws {
        let (teacher, data, plan) = (try teacher(), data(), plan())
        let whole = try CompressionRun(teacher: teacher, data: data, plan: plan)
        var checkpoints = [whole.checkpoint()]
        while try whole.advance() { checkpoints.append(whole.checkpoint()) }
        let outcome = try #require(whole.outcome)
        #expect(outcome.record.studentCost.macs <= outcome.record.limit)
        #expect(outcome.record.studentCost.macs < outcome.record.teacherCost.macs)
        for checkpoint in checkpoints {
            let resumed = try CompressionRun(
                teacher: teacher,
                data: data,
                plan: plan,
                resuming: checkpoint
            )
            while try resumed.advance() {}
            let again = try #require(resumed.outcome)
            #expect(bytes(again.student) == bytes(outcome.student))
            #expect(again.record == outcome.record)
        }
    }

    @Test("removing units gives what zeroing them gives, and the predicted cost is the counted one")
    func surgery() throws {
        let teacher = try teacher()
        let analysis = CouplingAnalysis(teacher)
        #expect(analysis.groups.map(\.width) == [8, 12])
        let input = data().test?.batch(Array(0..<5))
        let model = CostModel(teacher, groups: analysis.groups)
        for kept in [[[0, 2, 5], Array(0..<12)], [Array(0..<8), [1, 7]], [[3], [0, 11]]] {
            var zeroed = teacher
            for (group, staying) in zip(analysis.groups, kept) {
                for slice in group.slices {
                    for unit in Set(0..<group.width).subtracting(staying) {
                        zeroed.updateWeight(layer: slice.place.layer, index: slice.place.weight) {
                            zero(&$0, slice.positions[unit], axis: slice.place.axis)
                        }
                    }
                }
            }
            let cut = try teacher.keeping(kept, of: analysis)
            let batch = try #require(input)
            let difference = cut.predict([batch])[0].largestDifference(
                from: zeroed.predict([batch])[0]
            )
            #expect(difference < 1e-5)
            #expect(cut.cost == model.cost(keeping: kept.map(\.count)))
        }
    }

    private func zero(_ weight: inout Tensor, _ positions: [Int], axis: Int) {
        let inner = weight.shape.dimensions[(axis + 1)...].reduce(1, *)
        for position in 0..<weight.count
        where positions.contains(position / inner % weight.shape[axis]) {
            weight[position] = 0
        }
    }

    @Test("a label beyond the classes is refused before any work, in whichever samples it is")
    func strayLabels() throws {
        let teacher = try teacher()
        let stray = SampleSet(
            storage: .floats([Float](repeating: 0, count: 2 * 192)),
            sampleShape: [8, 8, 3],
            labels: [0, 9]
        )
        let parts: [WritableKeyPath<CompressionData, SampleSet>] = [\.training, \.validation]
        for part in parts {
            var samples = data()
            samples[keyPath: part] = stray
            let error = #expect(throws: CompressionError.self) {
                try CompressionRun(teacher: teacher, data: samples, plan: plan())
            }
            #expect(error == .labelRange(classes: 4, largest: 9))
        }
        var samples = data()
        samples.test = stray
        let error = #expect(throws: CompressionError.self) {
            try CompressionRun(teacher: teacher, data: samples, plan: plan())
        }
        #expect(error == .labelRange(classes: 4, largest: 9))
    }

    @Test("units of a group that cannot be measured go all the same, so that the budget holds")
    func unmeasured() throws {
        var teacher = try teacher()
        // Nothing that reads the middle channels hears them: their consumer's kernel is zero.
        let out = try #require(teacher.layers.firstIndex { $0.name == "out" })
        teacher.setWeight(
            Tensor(teacher.layers[out].weights[0].shape),
            layer: out,
            index: 0
        )
        let run = try CompressionRun(teacher: teacher, data: data(), plan: plan())
        while try run.advance() {}
        let record = try #require(run.outcome).record
        #expect(record.studentCost.macs <= record.limit)
    }

    @Test("a budget below the least possible is refused before any work, with that least")
    func unreachable() throws {
        var plan = plan()
        plan.budget = Budget(.macs, .fraction(0.001))
        let (teacher, data) = (try teacher(), data())
        #expect(throws: CompressionError.self) {
            try CompressionRun(teacher: teacher, data: data, plan: plan)
        }
    }
}
