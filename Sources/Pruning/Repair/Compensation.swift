import Datasets
import Engine
import Graph
import Tensors

/// What fitting one layer came to.
struct FitOutcome: Sendable {
    /// The share of the reference's variance that the fit leaves; nil where nothing could be fitted.
    var residual: Double?
    /// What could not be done, for the record.
    var note: String?
}

/// Fits the student's layers to the reference's pre-activations, front to back (METHODS section 10, asymmetric form).
///
/// x are the student's own inputs and z the reference's outputs, so that errors of earlier layers are corrected too. What
/// lies before the layer is computed once and carried on from layer to layer.
///
/// Source: He, Zhang, Sun 2017, "Channel Pruning for Accelerating Very Deep Neural Networks", arXiv:1707.06168, section
///   3.1, and section 3.3 for residual branches: the last layer of a branch also makes good what its shortcut lacks.
struct Compensation {
    /// The network before the cut.
    let reference: Network
    /// Its groups.
    let analysis: CouplingAnalysis
    let kept: KeptUnits
    let settings: CompensationSettings
    private var referenceCache: PrefixCache
    private var studentCache: PrefixCache

    init(
        reference: Network,
        analysis: CouplingAnalysis,
        kept: KeptUnits,
        samples: SampleSet,
        batchSize: Int,
        settings: CompensationSettings
    ) {
        self.reference = reference
        self.analysis = analysis
        self.kept = kept
        self.settings = settings
        referenceCache = PrefixCache(samples: samples, batchSize: batchSize)
        studentCache = referenceCache
    }

    /// The nodes whose weights can be fitted, front to back: layers that are called once and have patches.
    static func calls(of network: Network) -> [Int] {
        network.calls.filter { $0.count == 1 }.flatMap { $0 }
            .filter { network.layer(of: $0).kind.hasPatches }.sorted()
    }

    /// Whether a node reads anything that the cut changed.
    func isTouched(_ call: Int) -> Bool {
        var isChanged = [Bool](repeating: false, count: reference.nodes.count)
        var consumers: Set<Int> = []
        for (group, staying) in zip(analysis.groups, kept) where staying.count < group.width {
            consumers.formUnion(group.consumers)
        }
        for node in 0...call {
            isChanged[node] =
                consumers.contains(reference.nodes[node].layer)
                || reference.nodes[node].inputs.contains { isChanged[$0] }
        }
        return isChanged[call]
    }

    /// Fits one node's layer; earlier nodes must have been fitted before.
    mutating func fit(_ call: Int, of student: inout Network) -> FitOutcome {
        guard isTouched(call) else { return FitOutcome() }
        let layer = student.nodes[call].layer
        let kernel = student.layers[layer].weights[0]
        let outputs = student.shapes[call].channels
        let place = BiasPlace(of: call, in: student)
        let samples = observe(call, student, shortcut: Shortcut(of: call, in: student))
        let fit = samples.fit(
            from: kernel.values.map(Double.init),
            depth: kernel.count / outputs,
            ridge: settings.ridge,
            hasBias: place != .none
        )
        guard var fit else {
            return FitOutcome(note: "kept its weights: its inputs do not determine a fit")
        }
        let residual = fit.residual
        if settings.rescales { fit = fit.rescaled }
        student.setWeight(
            Tensor(kernel.shape, values: fit.weights.map(Float.init)),
            layer: layer,
            index: 0
        )
        place.put(fit.bias, in: &student, layer: layer)
        return FitOutcome(
            residual: residual,
            note: place == .none ? "has no place for a bias: fitted without a constant" : nil
        )
    }

    /// What LASSO chooses the units by that one node reads: their contributions in the student as it is, and the
    /// reference's outputs, which a residual branch also owes what its shortcut lacks.
    ///
    /// - Parameters:
    ///   - call: The node; everything before it must have been fitted, and none of the units be cut.
    ///   - student: The network as it is.
    ///   - columns: For each unit, the columns of an input row that are its own.
    /// - Returns: The choice; nil where the rows are too long for their covariance.
    mutating func lassoChoice(
        at call: Int,
        of student: Network,
        columns: [[Int]]
    ) -> LassoChoice? {
        let weights = student.layer(of: call).weights[0].values.map(Double.init)
        let samples = observe(call, student, shortcut: Shortcut(of: call, in: student))
        return samples.lassoChoice(weights: weights, columns: columns)
    }

    /// Rows of the student's inputs and the reference's outputs at the same pixels, all batches.
    private mutating func observe(
        _ call: Int,
        _ student: Network,
        shortcut: Shortcut?
    ) -> FitSamples {
        let outputs = student.shapes[call].channels
        let depth = student.layer(of: call).weights[0].count / outputs
        let others = shortcut?.others ?? []
        let step = step(of: call, depth: depth, student)
        let input = student.nodes[call].inputs[0]
        let channels = analysis.channels(of: call, keeping: kept)
        var samples = FitSamples(depth: depth, outputs: outputs)
        let ahead = reference.frontier(before: call + 1)
        let behind = student.frontier(before: call)
        for batch in referenceCache.batches.indices {
            let wanted = referenceCache.values(
                of: [call] + others,
                keeping: ahead,
                batch: batch,
                in: reference
            )
            let own = studentCache.values(
                of: [input] + others,
                keeping: behind,
                batch: batch,
                in: student
            )
            guard let value = own[input], let answer = wanted[call],
                let rows = PatchRows(of: student.layer(of: call).kind, input: value, step: step)
            else { continue }
            var targets = answer.rows(rows.positions, channels: channels)
            for other in others {
                add(shortcut, other, at: rows.positions, wanted[other], own[other], to: &targets)
            }
            samples.add(rows: rows.values, targets: targets)
        }
        return samples
    }

    /// What a shortcut lacks behind the Add is asked of the layer before it.
    private func add(
        _ shortcut: Shortcut?,
        _ other: Int,
        at positions: [Int],
        _ theirs: Tensor?,
        _ mine: Tensor?,
        to targets: inout [Double]
    ) {
        guard let shortcut, let theirs, let mine else { return }
        let staying = analysis.channels(of: other, keeping: kept)
        let wanted = theirs.rows(positions, channels: staying)
        let found = mine.rows(positions, channels: Array(0..<staying.count))
        let outputs = shortcut.scale.count
        for index in targets.indices {
            targets[index] += shortcut.scale[index % outputs] * (wanted[index] - found[index])
        }
    }

    private func step(of call: Int, depth: Int, _ student: Network) -> Int {
        let pixels = student.shapes[call].count / student.shapes[call].channels
        let batches = referenceCache.batches
        return PatchRows.step(
            toTake: max(1, InputMoments.wantedRows(depth: depth) / max(batches.count, 1)),
            of: pixels * (batches.first?.count ?? 1)
        )
    }
}

/// What one layer is fitted to: moments, or the rows themselves where moments would be too large.
private struct FitSamples {
    private let depth: Int
    private var moments: JointMoments
    private var rows: [Double] = []
    private var targets: [Double] = []

    private var isWhole: Bool { depth <= InputMoments.largestDepth }

    init(depth: Int, outputs: Int) {
        self.depth = depth
        moments = JointMoments(depth: min(depth, InputMoments.largestDepth), outputs: outputs)
    }

    mutating func add(rows: [Double], targets: [Double]) {
        if isWhole {
            moments.add(rows: rows, targets: targets)
        } else {
            self.rows += rows
            self.targets += targets
        }
    }

    func lassoChoice(weights: [Double], columns: [[Int]]) -> LassoChoice? {
        guard isWhole else { return nil }
        let error = ConsumerError(
            .whole(covariance: moments.covariance, mean: moments.rowMean),
            weights: weights,
            outputs: moments.outputs,
            columns: columns
        )
        return LassoChoice(
            gram: error.centred,
            target: Lasso.target(
                cross: moments.cross,
                weights: weights,
                outputs: moments.outputs,
                columns: columns
            )
        )
    }

    func fit(from start: [Double], depth: Int, ridge: Double, hasBias: Bool) -> LeastSquaresFit? {
        guard isWhole else {
            return LeastSquaresFit(
                rows: rows,
                targets: targets,
                depth: depth,
                from: start,
                ridge: ridge,
                hasBias: hasBias
            )
        }
        return LeastSquaresFit(moments, from: start, ridge: ridge, hasBias: hasBias)
    }
}

extension Tensor {
    /// The given channels of the given pixels, row-major in Float64.
    func rows(_ positions: [Int], channels: [Int]) -> [Double] {
        let width = shape.channels
        var result: [Double] = []
        result.reserveCapacity(positions.count * channels.count)
        for position in positions {
            for channel in channels { result.append(Double(values[position * width + channel])) }
        }
        return result
    }
}
