import Datasets
import Engine
import Graph
import Tensors

/// Scores the units of groups by squeeze-and-excitation gates: those the teacher has, or ones trained on it.
///
/// Only the gates learn (see ``GatedNetwork``), from labels where there are any and else from the distance to the teacher's
/// outputs. What is saved between two calls of ``train(steps:)`` is all that the next depends on.
public struct GateTraining {
    /// Where a training is, besides weights and moments.
    public struct Progress: Sendable, Hashable, Codable {
        /// The steps taken.
        public internal(set) var step = 0
        /// The mean loss of every finished pass over the samples.
        public internal(set) var losses: [Double] = []
        var lossSum = 0.0
    }

    private let widths: [Int]
    private let samples: SampleSet
    private let labels: [Int32]?
    private let head: ModelHead
    private let settings: GateSettings
    private let seed: UInt64
    private let teacher: Network
    private let existing: ChannelGates
    private let places: [Int]
    /// The variance of the teacher's answers to the first samples.
    private let variance: Double
    private let gates: [ChannelGate]
    private var answers: TeacherAnswers?
    private var optimizer = Optimizer(.adam())
    /// The teacher with its new gates; only the gates' weights ever change.
    public private(set) var gated: Network
    /// Where the training is.
    public private(set) var progress = Progress()

    /// Finds the gates there are, and puts new ones behind the layers of all other groups.
    ///
    /// - Parameters:
    ///   - teacher: One input, one output.
    ///   - analysis: Its groups.
    ///   - groups: The groups that scores are wanted of; all if nil.
    ///   - samples: What is trained on.
    ///   - settings: How.
    ///   - seed: Where random numbers come from.
    /// - Throws: ``CompressionError`` where the teacher cannot be trained on.
    public init(
        teacher: Network,
        analysis: CouplingAnalysis,
        groups: [Int]? = nil,
        samples: SampleSet,
        settings: GateSettings,
        seed: UInt64
    ) throws(CompressionError) {
        let head = try ModelHead(teacher)
        widths = analysis.groups.map(\.width)
        existing = ChannelGates(existingIn: teacher, analysis)
        let covered = existing.coveredGroups(widths: widths)
        let wanted = (groups ?? Array(analysis.groups.indices)).filter { !covered.contains($0) }
        let layers = wanted.flatMap { analysis.groups[$0].producers }
        let batch = samples.batch(Array(0..<min(settings.batchSize, samples.count)))
        var own: GatedNetwork
        do {
            let gateable = GatedNetwork.gateable(layers, of: teacher)
            own = try GatedNetwork(teacher, analysis, gating: gateable, seed: seed)
            try own.settle(on: batch)
        } catch {
            throw .surgery(error)
        }
        variance = teacher.predict([batch])[0].variance
        gated = own.network
        gates = own.gates
        places = own.places
        labels = samples.classLabels(for: head, shape: teacher.shapes[head.output])
        self.teacher = teacher
        self.head = head
        self.samples = samples
        self.settings = settings
        self.seed = seed
    }

    /// The steps of the whole training; none where the teacher has all the gates.
    public var steps: Int { gates.isEmpty ? 0 : settings.steps }

    /// Whether all steps were taken.
    public var isFinished: Bool { progress.step >= steps }

    /// The teacher's node whose value the loss is taken of.
    private var node: Int { labels == nil && !head.isSoftmax ? head.output : head.logits }

    private var batchesPerPass: Int {
        (samples.count + settings.batchSize - 1) / settings.batchSize
    }

    /// Takes the next steps, at most `limit` of them.
    ///
    /// - Throws: ``CompressionError/trainingDiverged(epoch:learningRate:)`` where the loss is not finite.
    public mutating func train(steps limit: Int) throws(CompressionError) {
        if labels == nil, answers == nil, !isFinished {
            answers = TeacherAnswers(
                teacher,
                at: node,
                samples: samples,
                batchSize: settings.batchSize
            )
        }
        let last = min(progress.step + limit, steps)
        while progress.step < last {
            let (pass, batch) = progress.step.quotientAndRemainder(dividingBy: batchesPerPass)
            var order = CounterRandom(seed: seed, stage: "gate order", step: UInt64(pass))
            let permutation = order.permutation(samples.count)
            let first = batch * settings.batchSize
            let end = min(first + settings.batchSize, samples.count)
            try trainOnBatch(Array(permutation[first..<end]))
            progress.step += 1
            if batch == batchesPerPass - 1 {
                progress.losses.append(progress.lossSum / Double(samples.count))
                progress.lossSum = 0
            }
        }
    }

    private mutating func trainOnBatch(_ indices: [Int]) throws(CompressionError) {
        let batch = samples.batch(indices)
        let place = places[node]
        var pass = TrainingPass(
            gated,
            inputs: [batch],
            reading: [place] + gates.map(\.node),
            random: CounterRandom(seed: seed, stage: "gates", step: UInt64(progress.step))
        )
        let loss = loss(pass.values[place], indices: indices, batch: batch)
        var (value, gradients) = pull(on: pass, batch: indices.count)
        value += loss.value
        gradients[place] = loss.gradient
        let schedule = LearningRateSchedule(peak: settings.learningRate, steps: steps)
        let rate = schedule.rate(at: progress.step)
        guard value.isFinite else {
            throw .trainingDiverged(epoch: progress.losses.count, learningRate: rate)
        }
        let byWeights = pass.backward(gradients)
        optimizer.step(&gated, gradients: byWeights, learningRate: rate)
        progress.lossSum += value * Double(indices.count)
    }

    /// The loss of one batch: cross-entropy with labels, the divergence from the teacher without; where the answer is no
    /// softmax, the squared distance from the teacher's as a share of its variance.
    private func loss(_ answer: Tensor, indices: [Int], batch: Tensor) -> LossValue {
        if let labels {
            return Loss.crossEntropy(logits: answer, labels: indices.map { labels[$0] })
        }
        let wanted =
            answers?.batch(indices)
            ?? Inference(teacher).values(of: [node], inputs: [batch])[node] ?? answer
        if head.isSoftmax {
            return Loss.softened(student: answer, teacher: wanted, temperature: 1)
        }
        var loss = Loss.meanSquaredError(answer, target: wanted)
        loss.value /= variance
        for position in 0..<loss.gradient.count { loss.gradient[position] /= Float(variance) }
        return loss
    }

    /// The weighted mean of all gates over channels and samples, and its gradient by each.
    private func pull(on pass: TrainingPass, batch: Int) -> (Double, [Int: Tensor]) {
        let channels = gates.reduce(0) { $0 + $1.owners.count }
        let share = settings.pull / Double(channels * batch)
        var value = 0.0
        var gradients: [Int: Tensor] = [:]
        for gate in gates {
            let own = pass.values[gate.node]
            value += share * own.values.reduce(0.0) { $0 + Double($1) }
            gradients[gate.node] = Tensor(own.shape, repeating: Float(share))
        }
        return (value, gradients)
    }

    /// For each group, the mean gate of each unit over samples: the more, the more it matters.
    ///
    /// Gates the teacher has come first; where several layers make a group, the mean over their gates counts.
    ///
    /// - Parameter samples: What is shown; those trained on if nil.
    /// - Returns: One number from 0 to 1 per unit; nil for a group without gates.
    public func scores(over samples: SampleSet? = nil) -> [[Double]?] {
        let shown = samples ?? self.samples
        let trained = ChannelGates(network: gated, gates: gates)
            .meanGates(widths: widths, samples: shown, batchSize: settings.batchSize)
        let found = existing.meanGates(
            widths: widths,
            samples: shown,
            batchSize: settings.batchSize
        )
        return zip(found, trained).map { $0 ?? $1 }
    }
}

/// Saving and going on.
extension GateTraining {
    /// Everything besides ``progress`` that the next step depends on: the gates' weights and moments.
    public var values: [[Float]] { gated.trainedValues + optimizer.momentValues }

    /// Goes on where another of the same teacher, samples, settings and seed stood.
    ///
    /// - Parameters:
    ///   - progress: Its ``progress``.
    ///   - tensors: Its ``values``, which are taken from the front.
    /// - Throws: ``CompressionError/checkpointMismatch(expected:found:)`` where they do not belong to it.
    public mutating func restore(
        _ progress: Progress,
        from tensors: inout ArraySlice<[Float]>
    ) throws(CompressionError) {
        try gated.restore(from: &tensors)
        optimizer = try Optimizer(adamAfter: progress.step, of: gated, from: &tensors)
        self.progress = progress
    }
}

extension Tensor {
    /// The variance of all elements; one where they are all equal.
    fileprivate var variance: Double {
        let mean = values.reduce(0) { $0 + Double($1) } / Double(max(count, 1))
        let squares = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
        return squares > 0 ? squares / Double(count) : 1
    }
}
