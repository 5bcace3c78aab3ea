/// The lengths of a tensor's axes, outermost first; images are `[N, H, W, C]` or, without the batch, `[H, W, C]`.
public struct Shape: Hashable, Sendable, Codable {
    /// One length per axis, each zero or more.
    public var dimensions: [Int]

    /// Makes a shape from its axis lengths.
    public init(_ dimensions: [Int]) {
        self.dimensions = dimensions
    }

    /// The number of axes.
    public var rank: Int { dimensions.count }

    /// The number of elements; the shape must be one that ``checkedCount`` accepts.
    public var count: Int { dimensions.reduce(1, *) }

    /// The number of elements, or nil where it does not fit an `Int`: what to ask of a shape that came from outside.
    public var checkedCount: Int? {
        var product = 1
        for dimension in dimensions {
            guard dimension >= 0 else { return nil }
            let (result, overflow) = product.multipliedReportingOverflow(by: dimension)
            guard !overflow else { return nil }
            product = result
        }
        return product
    }

    /// The length of the last axis, where the channels are; 1 for a scalar.
    public var channels: Int { dimensions.last ?? 1 }

    /// The length of one axis.
    public subscript(axis: Int) -> Int {
        get { dimensions[axis] }
        set { dimensions[axis] = newValue }
    }

    /// This shape with a batch axis of the given length in front.
    public func batched(_ count: Int) -> Shape {
        Shape([count] + dimensions)
    }

    /// This shape without its first axis.
    public var withoutBatch: Shape { Shape(Array(dimensions.dropFirst())) }
}

extension Shape: ExpressibleByArrayLiteral, CustomStringConvertible {
    /// Makes a shape from a literal such as `[32, 32, 3]`.
    public init(arrayLiteral elements: Int...) {
        self.init(elements)
    }

    /// The lengths as `(32, 32, 3)`.
    public var description: String {
        "(" + dimensions.map(String.init).joined(separator: ", ") + ")"
    }

    /// Encodes as a plain array of lengths.
    public func encode(to encoder: any Encoder) throws {
        try dimensions.encode(to: encoder)
    }

    /// Decodes from a plain array of lengths.
    public init(from decoder: any Decoder) throws {
        self.init(try [Int](from: decoder))
    }
}
