import Tensors

/// One random change of an image that keeps its label: a shift that fills with zeros, and a mirror.
///
/// Padding by p and cropping at random is a shift by -p...p.
/// Source: He et al. 2016, "Deep Residual Learning for Image Recognition", arXiv:1512.03385, section 4.2 (p = 4 at 32 x 32).
public struct Augmentation: Sendable, Hashable {
    /// Rows the image moves down.
    public var rows: Int
    /// Columns the image moves right.
    public var columns: Int
    /// Whether left and right are exchanged.
    public var isMirrored: Bool

    /// Makes an augmentation.
    public init(rows: Int, columns: Int, isMirrored: Bool) {
        self.rows = rows
        self.columns = columns
        self.isMirrored = isMirrored
    }

    /// Draws an augmentation that shifts by at most an eighth of the image's size, four pixels at 32.
    public static func random(for shape: Shape, using random: inout CounterRandom) -> Augmentation {
        let (rows, columns) = (shape[0] / 8, shape[1] / 8)
        return Augmentation(
            rows: Int.random(in: -rows...rows, using: &random),
            columns: Int.random(in: -columns...columns, using: &random),
            isMirrored: Bool.random(using: &random)
        )
    }

    /// Changes one decoded image [H, W, C] in place.
    func apply(to image: UnsafeMutablePointer<Float>, shape: Shape) {
        let (height, width, channels) = (shape[0], shape[1], shape[2])
        let original = [Float](UnsafeBufferPointer(start: image, count: shape.count))
        original.withUnsafeBufferPointer { source in
            for row in 0..<height {
                for column in 0..<width {
                    let fromRow = row - rows
                    let shifted = column - columns
                    let fromColumn = isMirrored ? width - 1 - shifted : shifted
                    let inside =
                        (0..<height).contains(fromRow) && (0..<width).contains(fromColumn)
                    let target = image + (row * width + column) * channels
                    let start = (fromRow * width + fromColumn) * channels
                    for channel in 0..<channels {
                        target[channel] = inside ? source[start + channel] : 0
                    }
                }
            }
        }
    }
}
