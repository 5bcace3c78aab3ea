/// What the daemon has counted since it began, and the text that Prometheus reads.
///
/// Names, units and kinds follow https://prometheus.io/docs/practices/naming/; no label has a job's name, so that the
/// number of series stays small.
public struct DaemonMetrics: Hashable, Sendable {
    /// The moment the daemon began, in seconds since 1970.
    public let startTime: Double
    /// Jobs delivered, by result.
    public var done = 0
    /// Jobs delivered as failed.
    public var failed = 0
    /// Attempts begun.
    public var attempts = 0
    /// Workers that died.
    public var deaths = 0
    /// Workers that were ended for want of progress.
    public var stalls = 0
    /// Runs of the delivery program that ended well.
    public var hooksDone = 0
    /// Runs of the delivery program that did not.
    public var hooksFailed = 0
    /// When a job was last done, in seconds since 1970.
    public var lastDone: Double?
    /// When a job was last delivered as failed, in seconds since 1970.
    public var lastFailed: Double?

    /// Begins to count.
    public init(startTime: Double) { self.startTime = startTime }

    /// What there is at one moment.
    public struct Snapshot: Hashable, Sendable {
        /// The moment, in seconds since 1970.
        public var time = 0.0
        /// Running jobs by stage.
        public var running: [String: Int] = [:]
        /// Jobs that could begin now.
        public var waiting = 0
        /// Jobs that rest after a fault.
        public var resting = 0
        /// Jobs that their owners paused.
        public var paused = 0
        /// Drops that are still being written.
        public var settling = 0
        /// Drops without their other half.
        public var incomplete = 0
        /// When the oldest checkpoint of a running job was written, in seconds since 1970.
        public var oldestCheckpoint: Double?
        /// Bytes free to the daemon on the spool's file system.
        public var freeBytes: Double?
        /// Bytes of the spool's file system.
        public var sizeBytes: Double?

        /// Makes an empty one.
        public init() {}
    }

    /// One family of samples, as the text format has it.
    private struct Family {
        let name: String
        let kind: String
        let help: String
        let samples: [(labels: String, value: Double?)]

        /// Nothing where no sample has a value.
        var text: String {
            let lines = samples.compactMap { sample in
                sample.value.map {
                    "espalier_\(name)\(sample.labels) \(DaemonMetrics.number($0))\n"
                }
            }
            guard !lines.isEmpty else { return "" }
            return "# HELP espalier_\(name) \(help)\n# TYPE espalier_\(name) \(kind)\n"
                + lines.joined()
        }
    }

    /// The file, complete.
    ///
    /// See https://prometheus.io/docs/instrumenting/exposition_formats/.
    public func text(_ snapshot: Snapshot, version: String) -> String {
        (counters + gauges(snapshot, version: version)).map(\.text).joined()
    }

    private var counters: [Family] {
        [
            Family(
                name: "jobs_delivered_total",
                kind: "counter",
                help: "Jobs delivered since the daemon began, by result.",
                samples: [
                    (#"{result="done"}"#, Double(done)), (#"{result="failed"}"#, Double(failed)),
                ]
            ),
            Family(
                name: "attempts_total",
                kind: "counter",
                help: "Workers started since the daemon began.",
                samples: [("", Double(attempts))]
            ),
            Family(
                name: "worker_deaths_total",
                kind: "counter",
                help: "Workers that ended without a result, by reason.",
                samples: [
                    (#"{reason="died"}"#, Double(deaths)), (#"{reason="stalled"}"#, Double(stalls)),
                ]
            ),
            Family(
                name: "delivery_hooks_total",
                kind: "counter",
                help: "Runs of the on_delivery program, by result.",
                samples: [
                    (#"{result="done"}"#, Double(hooksDone)),
                    (#"{result="failed"}"#, Double(hooksFailed)),
                ]
            ),
        ]
    }

    private func gauges(_ snapshot: Snapshot, version: String) -> [Family] {
        let stages = snapshot.running.sorted { $0.key < $1.key }
        let running = snapshot.running.values.reduce(0, +)
        return [
            Family(
                name: "jobs",
                kind: "gauge",
                help: "Jobs and drops that are not delivered yet, by state.",
                samples: [
                    (#"{state="running"}"#, Double(running)),
                    (#"{state="waiting"}"#, Double(snapshot.waiting)),
                    (#"{state="resting"}"#, Double(snapshot.resting)),
                    (#"{state="paused"}"#, Double(snapshot.paused)),
                    (#"{state="settling"}"#, Double(snapshot.settling)),
                    (#"{state="incomplete"}"#, Double(snapshot.incomplete)),
                ]
            ),
            Family(
                name: "running_jobs",
                kind: "gauge",
                help: "Jobs at work, by stage.",
                samples: stages.map { ("{stage=\"\($0.key)\"}", Double($0.value)) }
            ),
            gauge(
                "build_info",
                "The program's version; always 1.",
                1,
                labels: "{version=\"\(version)\"}"
            ),
            gauge("start_time_seconds", "When the daemon began, since 1970.", startTime),
            gauge(
                "updated_timestamp_seconds",
                "When this file was written, since 1970.",
                snapshot.time
            ),
            gauge("last_done_timestamp_seconds", "When a job was last done, since 1970.", lastDone),
            gauge(
                "last_failed_timestamp_seconds",
                "When a job last failed, since 1970.",
                lastFailed
            ),
            gauge(
                "oldest_checkpoint_timestamp_seconds",
                "When the running job that saved longest ago did so, since 1970.",
                snapshot.oldestCheckpoint
            ),
            gauge("spool_free_bytes", "Bytes free on the spool's file system.", snapshot.freeBytes),
            gauge("spool_size_bytes", "Bytes of the spool's file system.", snapshot.sizeBytes),
        ]
    }

    private func gauge(
        _ name: String,
        _ help: String,
        _ value: Double?,
        labels: String = ""
    ) -> Family {
        Family(name: name, kind: "gauge", help: help, samples: [(labels, value)])
    }

    /// A whole number without a point, any other with three digits behind it.
    private static func number(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return "\(Int64(value))" }
        return "\((value * 1000).rounded() / 1000)"
    }
}
