/// Which student of a job with several is being made.
public struct StudentProgress: Codable, Hashable, Sendable {
    /// Its folder in the delivery.
    public var name: String
    /// Counted from 1.
    public var number: Int
    /// How many there are.
    public var count: Int
    /// How long each stage had taken when it began.
    public var earlierStageTimes: [StageTimeMetrics]

    /// Makes a progress.
    public init(name: String, number: Int, count: Int, earlierStageTimes: [StageTimeMetrics]) {
        self.name = name
        self.number = number
        self.count = count
        self.earlierStageTimes = earlierStageTimes
    }

    /// `2 of 3, l1-macs-0.5`.
    public var text: String { "\(number) of \(count), \(name)" }
}
