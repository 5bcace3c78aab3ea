import Datasets
import Engine
import Graph
import Tensors

/// Fits the student's layers to the teacher's pre-activations, front to back (METHODS section 10, asymmetric form).
///
/// For each consumer of removed channels: `W' = (Cov(x) + ridge I)^-1 Cov(x, z)` and `b' = mean z - mean x W'`, with x
/// the student's own inputs and z the teacher's outputs, so that errors of earlier layers are corrected too.
///
/// Source: He, Zhang, Sun 2017, "Channel Pruning for Accelerating Very Deep Neural Networks", arXiv:1707.06168,
///   section 3.1, step two. Differs: ridge on the centred covariance, statistics in Float64.
struct Compensation {
    let teacher: Network
    let analysis: CouplingAnalysis
    let kept: KeptUnits
    let samples: SampleSet
    let batchSize: Int
    let settings: CompensationSettings

    /// The nodes whose weights are fitted, front to back: consumers of a group that lost units.
    var consumers: [Int] {
        var layers: Set<Int> = []
        for (group, staying) in zip(analysis.groups, kept) where staying.count < group.width {
            for slice in group.consumerSlices { layers.insert(slice.place.layer) }
        }
        let calls = teacher.calls
        return layers.filter { calls[$0].count == 1 }.flatMap { calls[$0] }.sorted()
    }

    /// Fits one consumer.
    ///
    /// - Returns: The share of the teacher's variance that the fit leaves, or nil where nothing could be fitted.
    func fit(_ call: Int, of student: inout Network) -> Double? {
        guard let pair = observe(call, of: student) else { return nil }
        let (rows, targets) = pair
        let outputs = student.shapes[call].channels
        guard rows.depth <= GroupStatistics.largestDepth else {
            fold(call, of: &student, rows: rows, targets: targets)
            return nil
        }
        let moments = JointMoments(rows: rows, targets: targets, outputs: outputs)
        guard let weights = moments.solve(ridge: settings.ridge) else { return nil }
        let layer = student.nodes[call].layer
        let shape = student.layers[layer].weights[0].shape
        student.setWeight(
            Tensor(shape, values: weights.map(Float.init)),
            layer: layer,
            index: 0
        )
        shiftBias(moments.bias(for: weights), call: call, of: &student)
        return moments.residual(of: weights)
    }

    /// The student's input rows and the teacher's outputs for the channels that stayed, at the same pixels.
    private func observe(_ call: Int, of student: Network) -> (PatchRows, [Double])? {
        let outputs = student.shapes[call].channels
        let pixels = student.shapes[call].count / outputs * samples.count
        let depth = student.layer(of: call).weights[0].count / outputs
        let step = PatchRows.step(
            toTake: GroupStatistics.wantedRows(depth: depth),
            of: pixels
        )
        let input = student.nodes[call].inputs[0]
        let whole = samples.values(at: input, of: student, batchSize: batchSize)
        let answers = samples.values(at: call, of: teacher, batchSize: batchSize)
        guard let rows = PatchRows(of: student.layer(of: call).kind, input: whole, step: step)
        else { return nil }
        let channels = keptChannels(of: call)
        let width = teacher.shapes[call].channels
        var targets: [Double] = []
        targets.reserveCapacity(rows.count * channels.count)
        for position in rows.positions {
            for channel in channels { targets.append(Double(answers[position * width + channel])) }
        }
        return (rows, targets)
    }

    private func keptChannels(of call: Int) -> [Int] {
        let stays = kept.map(Set.init)
        return analysis.owners[call].indices.filter { channel in
            analysis.owners[call][channel].map { stays[$0.group].contains($0.unit) } ?? true
        }
    }

    /// Leaves the weights and moves the bias so that the mean output is the teacher's.
    private func fold(
        _ call: Int,
        of student: inout Network,
        rows: PatchRows,
        targets: [Double]
    ) {
        let outputs = student.shapes[call].channels
        let kernel = student.layer(of: call).weights[0].values.map(Double.init)
        var mean = [Double](repeating: 0, count: rows.depth)
        var wanted = [Double](repeating: 0, count: outputs)
        for row in 0..<rows.count {
            for column in 0..<rows.depth { mean[column] += rows.values[row * rows.depth + column] }
            for output in 0..<outputs { wanted[output] += targets[row * outputs + output] }
        }
        for column in 0..<rows.depth {
            for output in 0..<outputs {
                wanted[output] -= mean[column] * kernel[column * outputs + output]
            }
        }
        shiftBias(wanted.map { $0 / Double(rows.count) }, call: call, of: &student)
    }

    /// Puts a bias where there is one, or into the BatchNorm that alone reads the output.
    private func shiftBias(_ bias: [Double], call: Int, of student: inout Network) {
        let layer = student.nodes[call].layer
        if student.layers[layer].weights.count > 1 {
            student.setWeight(
                Tensor([bias.count], values: bias.map(Float.init)),
                layer: layer,
                index: 1
            )
            return
        }
        let readers = student.readers[call]
        guard readers.count == 1 else { return }
        let next = student.nodes[readers[0]].layer
        guard case .batchNormalization(let kind) = student.layers[next].kind else { return }
        student.updateWeight(layer: next, index: kind.movingMeanIndex) { mean in
            for channel in bias.indices { mean[channel] -= Float(bias[channel]) }
        }
    }
}

/// Centred second moments of rows x [D] and targets z [n], in Float64.
struct JointMoments {
    private let rowMean: [Double]
    private let targetMean: [Double]
    private var covariance: SquareMatrix
    private var cross: [Double]
    private var targetVariance: [Double]
    private let outputs: Int

    init(rows: PatchRows, targets: [Double], outputs: Int) {
        let (count, depth) = (rows.count, rows.depth)
        self.outputs = outputs
        var rowMean = [Double](repeating: 0, count: depth)
        var targetMean = [Double](repeating: 0, count: outputs)
        for row in 0..<count {
            for column in 0..<depth { rowMean[column] += rows.values[row * depth + column] }
            for output in 0..<outputs { targetMean[output] += targets[row * outputs + output] }
        }
        rowMean = rowMean.map { $0 / Double(count) }
        targetMean = targetMean.map { $0 / Double(count) }
        var x = rows.values
        var z = targets
        for row in 0..<count {
            for column in 0..<depth { x[row * depth + column] -= rowMean[column] }
            for output in 0..<outputs { z[row * outputs + output] -= targetMean[output] }
        }
        self.rowMean = rowMean
        self.targetMean = targetMean
        covariance = SquareMatrix(
            size: depth,
            values: Self.gram(x, x, rows: count, depth, depth)
        )
        cross = Self.gram(x, z, rows: count, depth, outputs)
        targetVariance = (0..<outputs).map { output in
            (0..<count).reduce(0) { $0 + z[$1 * outputs + output] * z[$1 * outputs + output] }
                / Double(count)
        }
    }

    /// `left' right / rows`, a strip of the result at a time on all threads.
    private static func gram(
        _ left: [Double],
        _ right: [Double],
        rows: Int,
        _ leftWidth: Int,
        _ rightWidth: Int
    ) -> [Double] {
        let strips = chunks(of: 64, covering: leftWidth)
        var result = [Double](repeating: 0, count: leftWidth * rightWidth)
        left.withUnsafeBufferPointer { left in
            right.withUnsafeBufferPointer { right in
                result.withUnsafeMutableBufferPointer { result in
                    guard let left = left.baseAddress, let right = right.baseAddress,
                        let result = result.baseAddress
                    else { return }
                    ThreadPool.shared.forEach(strips.count) { strip in
                        let first = strips[strip].lowerBound
                        MatrixProduct.multiply(
                            rows: strips[strip].count,
                            columns: rightWidth,
                            inner: rows,
                            left: MatrixView(left + first, rowStride: leftWidth, transposed: true),
                            right: MatrixView(right, rowStride: rightWidth),
                            into: result + first * rightWidth,
                            rowStride: rightWidth
                        )
                    }
                }
            }
        }
        return result.map { $0 / Double(rows) }
    }

    /// The least-squares weights `[D, n]`; the ridge rises tenfold until the covariance factors, nil if it never does.
    func solve(ridge: Double) -> [Double]? {
        let mean = covariance.trace / Double(max(covariance.size, 1))
        var ridge = max(ridge, 1e-12) * max(mean, 1e-30)
        for _ in 0..<12 {
            if let factor = CholeskyFactor(covariance, ridge: ridge) {
                let weights = factor.solve(cross, count: outputs)
                if weights.allSatisfy(\.isFinite) { return weights }
            }
            ridge *= 10
        }
        return nil
    }

    /// The bias that goes with weights: `mean z - mean x W`.
    func bias(for weights: [Double]) -> [Double] {
        (0..<outputs).map { output in
            rowMean.indices.reduce(targetMean[output]) {
                $0 - rowMean[$1] * weights[$1 * outputs + output]
            }
        }
    }

    /// The share of the targets' variance that the weights leave unexplained.
    func residual(of weights: [Double]) -> Double {
        // var(z - xW) = var z - 2 W' Cov(x, z) + W' Cov(x) W, summed over outputs.
        var explained = 0.0
        for (weight, moment) in zip(weights, cross) { explained += 2 * weight * moment }
        for row in 0..<covariance.size {
            for column in 0..<covariance.size {
                let entry = covariance[row, column]
                for output in 0..<outputs {
                    explained -=
                        entry * weights[row * outputs + output] * weights[column * outputs + output]
                }
            }
        }
        let total = targetVariance.reduce(0, +)
        return total > 0 ? max(0, (total - explained) / total) : 0
    }
}
