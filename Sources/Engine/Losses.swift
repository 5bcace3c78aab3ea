import Tensors

/// A loss and its gradient with respect to what it was computed from.
public struct LossValue: Sendable {
    /// The mean over the batch.
    public var value: Double
    /// The gradient of the mean.
    public var gradient: Tensor

    /// Makes a loss value.
    public init(value: Double, gradient: Tensor) {
        self.value = value
        self.gradient = gradient
    }
}

/// Losses of a batch of logits or outputs [N, K]; all are means over the batch.
public enum Loss {
    /// Cross-entropy of softmax with class labels; gradient `(softmax(z) - y) / N`.
    ///
    /// - Parameters:
    ///   - logits: What softmax is taken of, [N, K].
    ///   - labels: The class of each sample.
    ///   - smoothing: The share of each label that is spread over all classes.
    /// - Returns: The mean over the batch and its gradient.
    public static func crossEntropy(
        logits: Tensor,
        labels: [Int32],
        smoothing: Double = 0
    ) -> LossValue {
        let (count, classes) = (logits.shape[0], logits.shape.channels)
        var gradient = Tensor(logits.shape)
        var total = 0.0
        for row in 0..<count {
            let logProbabilities = logSoftmax(logits, row: row, temperature: 1)
            for column in 0..<classes {
                let isLabel = Int(labels[row]) == column
                let target = (isLabel ? 1 - smoothing : 0) + smoothing / Double(classes)
                let probability = Double.exponential(logProbabilities[column])
                if target > 0 { total -= target * logProbabilities[column] }
                gradient[row * classes + column] = Float((probability - target) / Double(count))
            }
        }
        return LossValue(value: total / Double(count), gradient: gradient)
    }

    /// The softened teacher: `T^2 KL(softmax(t/T) || softmax(s/T))`; gradient `T (p_s - p_t) / N`.
    ///
    /// Source: Hinton, Vinyals, Dean 2015, "Distilling the Knowledge in a Neural Network", arXiv:1503.02531, section 2.
    public static func softened(
        student: Tensor,
        teacher: Tensor,
        temperature: Double
    ) -> LossValue {
        let (count, classes) = (student.shape[0], student.shape.channels)
        var gradient = Tensor(student.shape)
        var total = 0.0
        for row in 0..<count {
            let own = logSoftmax(student, row: row, temperature: temperature)
            let wanted = logSoftmax(teacher, row: row, temperature: temperature)
            for column in 0..<classes {
                let probability = Double.exponential(wanted[column])
                total += probability * (wanted[column] - own[column])
                gradient[row * classes + column] = Float(
                    temperature * (Double.exponential(own[column]) - probability) / Double(count)
                )
            }
        }
        return LossValue(
            value: temperature * temperature * total / Double(count),
            gradient: gradient
        )
    }

    /// Half the squared distance of logits over the classes, `|s - t|^2 / 2K`; gradient `(s - t) / (K N)`.
    public static func logits(student: Tensor, teacher: Tensor) -> LossValue {
        let loss = meanSquaredError(student, target: teacher)
        var gradient = loss.gradient
        gradient.withUnsafeMutablePointer { values in
            for position in 0..<student.count { values[position] /= 2 }
        }
        return LossValue(value: loss.value / 2, gradient: gradient)
    }

    /// The mean squared difference over all elements; gradient `2 (y - t) / count`.
    public static func meanSquaredError(_ output: Tensor, target: Tensor) -> LossValue {
        var gradient = Tensor(output.shape)
        var total = 0.0
        let scale = 2 / Double(max(output.count, 1))
        for position in 0..<output.count {
            let difference = Double(output[position]) - Double(target[position])
            total += difference * difference
            gradient[position] = Float(difference * scale)
        }
        return LossValue(value: total / Double(max(output.count, 1)), gradient: gradient)
    }

    /// The logarithm of the softmax of one row over a temperature.
    static func logSoftmax(_ logits: Tensor, row: Int, temperature: Double) -> [Double] {
        let classes = logits.shape.channels
        let scaled = (0..<classes).map { Double(logits[row * classes + $0]) / temperature }
        let largest = scaled.max() ?? 0
        let sum = scaled.reduce(0) { $0 + Double.exponential($1 - largest) }
        let normalizer = largest + Double.logarithm(sum)
        return scaled.map { $0 - normalizer }
    }
}
