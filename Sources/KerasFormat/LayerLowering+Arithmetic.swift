import Graph

/// Sums, products and the like, of tensors or of a tensor and a number.
extension LayerConfiguration {
    private enum Arithmetic {
        case add
        case subtract
        case multiply
        case divide
    }

    /// The operation a class name of Keras 3 or a function name of TensorFlow means.
    private var arithmetic: Arithmetic? {
        switch className == "TFOpLambda" ? value("function")?.string : className {
        case "Add", "__operators__.add", "math.add": .add
        case "Subtract", "math.subtract": .subtract
        case "Multiply", "math.multiply": .multiply
        case "TrueDivide", "Divide", "math.truediv", "math.divide": .divide
        default: nil
        }
    }

    /// The layer of an operation; nil for other classes and functions, and where no layer computes it.
    func loweredArithmetic() -> LoweredLayer? {
        guard let arithmetic else { return nil }
        guard let constant else {
            switch arithmetic {
            case .add: return single(.merge(Merge(.add)))
            case .multiply: return single(.merge(Merge(.multiply)))
            case .subtract: return single(.merge(Merge(.subtract)))
            case .divide: return nil
            }
        }
        let number = Float(constant.value)
        switch (arithmetic, constant.isFirst) {
        case (.add, _): return linear(1, number)
        case (.multiply, _): return linear(number, 0)
        case (.subtract, false): return linear(1, -number)
        case (.subtract, true): return linear(-1, number)
        case (.divide, false): return linear(Float(1 / constant.value), 0)
        case (.divide, true): return nil
        }
    }

    /// InceptionResNetV2's own layer: the first input plus the second times a number.
    func loweredScaledSum(inputs: Int) throws(KerasError) -> LoweredLayer {
        guard inputs == 2 else {
            throw fault("inbound_nodes", expected: "2 inputs", found: "\(inputs)")
        }
        let scale = Float(try number("scale"))
        var scaled = LayerStage(.rescaling(Rescaling(scale: [scale])), suffix: "scaled")
        scaled.reads = [.input(1)]
        var sum = LayerStage(.merge(Merge(.add)))
        sum.reads = [.input(0), .stage(0)]
        return LoweredLayer([scaled, sum])
    }

    private func linear(_ scale: Float, _ offset: Float) -> LoweredLayer {
        single(.rescaling(Rescaling(scale: [scale], offset: [offset])))
    }
}
