import CKernels
import Graph
import Tensors

/// A rule that turns gradients into new weights, with the moments it remembers.
///
/// The arithmetic is Keras': `m = momentum m - rate g; w += m` and Adam with `rate sqrt(1 - b2^t) / (1 - b1^t)`.
public struct Optimizer: Sendable {
    /// The rule.
    public enum Rule: Sendable, Hashable {
        /// Gradient descent with momentum, looking ahead where `isNesterov`.
        case momentum(Double, isNesterov: Bool)
        /// Kingma, Ba 2015, "Adam: A Method for Stochastic Optimization", arXiv:1412.6980, end of section 2.
        case adam(firstDecay: Double = 0.9, secondDecay: Double = 0.999, epsilon: Double = 1e-7)
    }

    /// The rule.
    public let rule: Rule
    /// The pull of kernels towards zero, added to their gradient.
    public let weightDecay: Double
    /// The steps taken.
    public private(set) var steps: Int
    /// For each layer and weight, the moments: one with momentum, two with Adam, none before the first step.
    public private(set) var moments: [[[Tensor]]]

    /// Makes an optimiser that has not taken a step, or goes on with saved moments.
    public init(
        _ rule: Rule,
        weightDecay: Double = 0,
        steps: Int = 0,
        moments: [[[Tensor]]] = []
    ) {
        self.rule = rule
        self.weightDecay = weightDecay
        self.steps = steps
        self.moments = moments
    }

    /// Takes one step.
    public mutating func step(
        _ network: inout Network,
        gradients: Gradients,
        learningRate: Double
    ) {
        steps += 1
        if moments.isEmpty {
            moments = network.layers.map { $0.weights.map { _ in [] } }
        }
        for (layer, weights) in gradients.weights.enumerated() {
            for (index, gradient) in weights.enumerated() {
                guard let gradient else { continue }
                // Only matrices and filters decay: biases and BatchNorm's vectors have one axis.
                let decay = gradient.shape.rank > 1 ? Float(weightDecay) : 0
                var own: [Tensor] = []
                // Taken out, so that nothing else owns it and it changes in place.
                swap(&own, &moments[layer][index])
                network.updateWeight(layer: layer, index: index) { weight in
                    update(
                        &weight,
                        gradient: gradient,
                        moments: &own,
                        decay: decay,
                        rate: learningRate
                    )
                }
                moments[layer][index] = own
            }
        }
    }

    private func update(
        _ weight: inout Tensor,
        gradient: Tensor,
        moments: inout [Tensor],
        decay: Float,
        rate: Double
    ) {
        let table = VectorKernels.current.table
        let (shape, count) = (gradient.shape, gradient.count)
        let pieces = chunks(of: 1 << 15, covering: count)
        func forEachPiece(_ body: (Int, Int) -> Void) {
            ThreadPool.shared.forEach(pieces.count) {
                body(pieces[$0].lowerBound, pieces[$0].count)
            }
        }
        gradient.withUnsafePointer { gradient in
            weight.withUnsafeMutablePointer { weight in
                switch rule {
                case .momentum(let momentum, let isNesterov):
                    if moments.isEmpty { moments = [Tensor(shape)] }
                    moments[0].withUnsafeMutablePointer { moment in
                        forEachPiece { first, count in
                            table.pointee.momentum_step(
                                gradient + first,
                                decay,
                                Float(momentum),
                                Float(rate),
                                isNesterov ? 1 : 0,
                                count,
                                moment + first,
                                weight + first
                            )
                        }
                    }
                case .adam(let firstDecay, let secondDecay, let epsilon):
                    if moments.isEmpty { moments = [Tensor(shape), Tensor(shape)] }
                    var (mean, square) = (moments[0], moments[1])
                    moments = []
                    let (first, second) = (Float(1 - firstDecay), Float(1 - secondDecay))
                    let corrected = correctedRate(rate, firstDecay, secondDecay)
                    mean.withUnsafeMutablePointer { mean in
                        square.withUnsafeMutablePointer { square in
                            forEachPiece { start, count in
                                table.pointee.adam_step(
                                    gradient + start,
                                    decay,
                                    first,
                                    second,
                                    corrected,
                                    Float(epsilon),
                                    count,
                                    mean + start,
                                    square + start,
                                    weight + start
                                )
                            }
                        }
                    }
                    moments = [mean, square]
                }
            }
        }
    }

    /// Adam's rate, corrected for moments that began at zero.
    private func correctedRate(_ rate: Double, _ first: Double, _ second: Double) -> Float {
        let time = Double(steps)
        return Float(
            rate * (1 - Double.power(second, time)).squareRoot() / (1 - Double.power(first, time))
        )
    }
}

/// How the learning rate changes over the steps of a training.
public struct LearningRateSchedule: Sendable, Hashable {
    /// The shape of the fall.
    public enum Fall: Sendable, Hashable {
        /// Along half a cosine to zero. Loshchilov, Hutter 2017, "SGDR", arXiv:1608.03983, equation 5 without restarts.
        case cosine
        /// Tenfold at half and at three quarters of the steps.
        case step
        /// Not at all.
        case constant
    }

    /// The highest rate.
    public var peak: Double
    /// The steps of the whole training.
    public var steps: Int
    /// The steps in which the rate rises in a straight line.
    public var warmupSteps: Int
    /// The shape of the fall.
    public var fall: Fall

    /// Makes a schedule.
    public init(peak: Double, steps: Int, warmupSteps: Int = 0, fall: Fall = .cosine) {
        self.peak = peak
        self.steps = steps
        self.warmupSteps = warmupSteps
        self.fall = fall
    }

    /// The rate of one step, counted from zero.
    public func rate(at step: Int) -> Double {
        if step < warmupSteps { return peak * Double(step + 1) / Double(warmupSteps) }
        let share = Double(step - warmupSteps) / Double(max(steps - warmupSteps, 1))
        switch fall {
        case .constant: return peak
        case .cosine: return peak * 0.5 * (1 + Double.cosine(Double.pi * min(share, 1)))
        case .step: return peak * (share < 0.5 ? 1 : share < 0.75 ? 0.1 : 0.01)
        }
    }
}
