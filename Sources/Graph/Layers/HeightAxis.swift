import Tensors

/// Puts an axis of length one in front of a sequence, or takes it away: a one-dimensional layer is the
/// two-dimensional one on an image of one row.
///
/// Shapes: [L, C] to [1, L, C], or back.
public enum HeightAxis: LayerRule {
    /// [L, C] to [1, L, C].
    case inserted
    /// [1, L, C] to [L, C].
    case removed

    /// The output shape, as ``LayerRule/outputShape(for:)`` asks.
    public func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape {
        switch self {
        case .inserted:
            let input = try singleInput(inputs, rank: 2)
            return Shape([1] + input.dimensions)
        case .removed:
            let input = try singleInput(inputs, rank: 3)
            guard input[0] == 1 else {
                throw .input(expected: "an image of one row", found: "shape \(input)")
            }
            return input.withoutBatch
        }
    }
}
