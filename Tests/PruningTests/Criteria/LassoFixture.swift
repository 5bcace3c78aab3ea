import Foundation

/// What scikit-learn found; see Tests/Fixtures/generate/lasso.py.
struct LassoFixture: Decodable {
    struct Solution: Decodable {
        var penalty: Double
        var coefficients: [Double]
    }

    var samples: Int
    var channels: Int
    var taps: Int
    var outputs: Int
    /// `[t, taps, channels]`.
    var inputs: [Double]
    /// `[taps, channels, outputs]`.
    var weights: [Double]
    /// `[(t, outputs)]`.
    var target: [Double]
    var solutions: [Solution]

    static func load() throws -> LassoFixture {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let bytes = try Data(contentsOf: tests.appending(path: "Fixtures/lasso.json"))
        return try JSONDecoder().decode(LassoFixture.self, from: bytes)
    }

    /// For each channel, its columns of an input row.
    var columns: [[Int]] {
        (0..<channels).map { channel in (0..<taps).map { $0 * channels + channel } }
    }
}
