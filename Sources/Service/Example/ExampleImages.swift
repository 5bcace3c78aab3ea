import Tensors

/// Small images of six kinds of shape and texture, in random colours, places and sizes, under noise.
///
/// Not trivial: colour says nothing of the class, and every shape may lie anywhere. The same seed gives the same bytes.
struct ExampleImages {
    /// Rows and columns of an image.
    static let side = 16
    /// What the classes show.
    static let classNames = ["disc", "ring", "square", "cross", "stripes", "checks"]

    /// Pixels [N, 16, 16, 3], row-major.
    private(set) var pixels: [UInt8] = []
    /// The class of each image.
    private(set) var labels: [Int64] = []

    /// Draws images, the classes in turn.
    init(count: Int, stage: String, seed: UInt64) {
        pixels.reserveCapacity(count * Self.side * Self.side * 3)
        for index in 0..<count {
            var random = CounterRandom(seed: seed, stage: stage, step: UInt64(index))
            let label = index % Self.classNames.count
            labels.append(Int64(label))
            draw(label, using: &random)
        }
    }

    private mutating func draw(_ label: Int, using random: inout CounterRandom) {
        let side = Float(Self.side)
        let radius = 3.2 + 2.6 * random.nextUniform()
        let row = radius + (side - 1 - 2 * radius) * random.nextUniform()
        let column = radius + (side - 1 - 2 * radius) * random.nextUniform()
        let period = 2 + Int(2 * random.nextUniform())
        let isUpright = random.nextUniform() < 0.5
        let (inside, outside) = Self.colours(using: &random)
        for y in 0..<Self.side {
            for x in 0..<Self.side {
                let (down, right) = (Float(y) - row, Float(x) - column)
                let isInside = Self.covers(
                    label,
                    down: down,
                    right: right,
                    radius: radius,
                    stripe: (isUpright ? x : y) / period,
                    cell: x / period + y / period
                )
                for channel in 0..<3 {
                    let value = (isInside ? inside : outside)[channel] + 26 * random.nextNormal()
                    pixels.append(UInt8(min(max(value, 0), 255)))
                }
            }
        }
    }

    /// Two colours that differ by at least 70 in some channel, either of which may be the brighter.
    private static func colours(using random: inout CounterRandom) -> ([Float], [Float]) {
        while true {
            let first = (0..<3).map { _ in 255 * random.nextUniform() }
            let second = (0..<3).map { _ in 255 * random.nextUniform() }
            if zip(first, second).contains(where: { abs($0 - $1) >= 70 }) { return (first, second) }
        }
    }

    private static func covers(
        _ label: Int,
        down: Float,
        right: Float,
        radius: Float,
        stripe: Int,
        cell: Int
    ) -> Bool {
        let distance = (down * down + right * right).squareRoot()
        let reach = max(abs(down), abs(right))
        switch label {
        case 0: return distance <= radius
        case 1: return distance <= radius && distance >= radius - 2
        case 2: return reach <= radius * 0.9
        case 3: return reach <= radius && min(abs(down), abs(right)) <= 1.1
        case 4: return reach <= radius && stripe % 2 == 0
        default: return reach <= radius && cell % 2 == 0
        }
    }
}
