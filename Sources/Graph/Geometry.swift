/// A height and a width in pixels: a kernel, a stride, a dilation or a pooling window.
public struct Size2D: Hashable, Sendable, Codable {
    /// Rows.
    public var height: Int
    /// Columns.
    public var width: Int

    /// Makes a size.
    public init(_ height: Int, _ width: Int) {
        self.height = height
        self.width = width
    }

    /// One by one.
    public static let one = Size2D(1, 1)

    var isPositive: Bool { height > 0 && width > 0 }
}

/// Rows and columns added around an image.
public struct Border: Hashable, Sendable {
    /// Rows above.
    public var top: Int
    /// Rows below.
    public var bottom: Int
    /// Columns to the left.
    public var left: Int
    /// Columns to the right.
    public var right: Int

    /// Makes a border.
    public init(top: Int, bottom: Int, left: Int, right: Int) {
        self.top = top
        self.bottom = bottom
        self.left = left
        self.right = right
    }
}

/// How a window is laid over the border of an image.
public enum Padding: String, Hashable, Sendable, Codable {
    /// Only where the whole window fits.
    case valid
    /// As many outputs as inputs over the stride, rounded up; TensorFlow's split with the larger half below and right.
    case same
}

/// A window that slides over an image: the geometry that convolution and pooling share.
///
/// Letters: H, W input; Kh, Kw window; Ho, Wo output.
public struct SlidingWindow: Hashable, Sendable {
    /// The window's size [Kh, Kw].
    public var size: Size2D
    /// The step between windows.
    public var strides: Size2D
    /// The step between the window's own pixels.
    public var dilation: Size2D
    /// What happens at the border.
    public var padding: Padding

    /// Makes a window.
    public init(
        size: Size2D,
        strides: Size2D = .one,
        dilation: Size2D = .one,
        padding: Padding = .valid
    ) {
        self.size = size
        self.strides = strides
        self.dilation = dilation
        self.padding = padding
    }

    /// Output pixels along one axis: valid `(n - d(k-1) - 1)/s + 1`, same `ceil(n/s)`; zero or less where nothing fits.
    static func outputLength(
        _ length: Int,
        window: Int,
        stride: Int,
        dilation: Int,
        padding: Padding
    ) -> Int {
        switch padding {
        case .valid:
            let reach = dilation * (window - 1) + 1
            return length < reach ? 0 : (length - reach) / stride + 1
        case .same: return (length + stride - 1) / stride
        }
    }

    /// The output's height and width.
    public func outputSize(_ input: Size2D) -> Size2D {
        Size2D(
            Self.outputLength(
                input.height,
                window: size.height,
                stride: strides.height,
                dilation: dilation.height,
                padding: padding
            ),
            Self.outputLength(
                input.width,
                window: size.width,
                stride: strides.width,
                dilation: dilation.width,
                padding: padding
            )
        )
    }

    /// The zeros this window sees around the input.
    public func border(_ input: Size2D) -> Border {
        guard padding == .same else { return Border(top: 0, bottom: 0, left: 0, right: 0) }
        let output = outputSize(input)
        let rows = max(
            (output.height - 1) * strides.height + dilation.height * (size.height - 1) + 1
                - input.height,
            0
        )
        let columns = max(
            (output.width - 1) * strides.width + dilation.width * (size.width - 1) + 1
                - input.width,
            0
        )
        return Border(
            top: rows / 2,
            bottom: rows - rows / 2,
            left: columns / 2,
            right: columns - columns / 2
        )
    }

    /// Checks the settings against each other and the input, and gives the output size.
    func checkedOutputSize(_ input: Size2D) throws(RuleFault) -> Size2D {
        let limit = 1 << 16
        for (name, value) in [("window", size), ("strides", strides), ("dilation", dilation)] {
            guard value.isPositive, value.height <= limit, value.width <= limit else {
                throw .setting(
                    name: name,
                    expected: "1 to \(limit)",
                    found: "\(value.height) x \(value.width)"
                )
            }
        }
        let output = outputSize(input)
        guard output.isPositive else {
            throw .input(
                expected: "an image of at least the window's reach",
                found: "\(input.height) x \(input.width)"
            )
        }
        return output
    }
}
