/// How long what is delivered is kept, and which of it may go.
///
/// What was not delivered is kept for ever, whatever these say.
public struct Retention: Hashable, Sendable {
    /// Seconds for the drops of jobs that were done, or nil for ever.
    public var doneSeconds: Double?
    /// Seconds for the drops of jobs that were delivered as failed, or nil for ever.
    public var failedSeconds: Double?
    /// Seconds for the deliveries in the outbox, or nil for ever.
    public var deliveredSeconds: Double?

    /// Keeps everything.
    public init(
        doneSeconds: Double? = nil,
        failedSeconds: Double? = nil,
        deliveredSeconds: Double? = nil
    ) {
        self.doneSeconds = doneSeconds
        self.failedSeconds = failedSeconds
        self.deliveredSeconds = deliveredSeconds
    }

    /// Something that could go.
    public struct Candidate: Hashable, Sendable {
        /// Its path.
        public var path: String
        /// When it was delivered, by the file system's clock; nil where nothing proves that it was.
        public var deliveredNanoseconds: Int64?

        /// Makes a candidate.
        public init(path: String, deliveredNanoseconds: Int64?) {
            self.path = path
            self.deliveredNanoseconds = deliveredNanoseconds
        }
    }

    /// The paths of those that were delivered longer ago than the age in seconds, nil standing for ever.
    ///
    /// The present is the file system's time in nanoseconds, as the candidates' is.
    public static func expired(
        _ candidates: [Candidate],
        age: Double?,
        now: Int64
    ) -> [String] {
        guard let age else { return [] }
        return candidates.filter { candidate in
            guard let delivered = candidate.deliveredNanoseconds, delivered <= now else {
                return false
            }
            return Double(now - delivered) / 1e9 > age
        }.map(\.path)
    }
}
