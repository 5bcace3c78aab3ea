/// A key of the configuration: its name everywhere, what it may be, where its value goes, and what it means.
public struct ConfigurationKey {
    typealias Place<Value> = WritableKeyPath<DaemonConfiguration, Value>

    /// What a value may be, and where it is kept.
    enum Kind {
        case folder(Place<String>)
        case folders(Place<[String]>)
        case program(Place<String>)
        case count(Place<Int>, ClosedRange<Int>)
        case bytes(Place<Int>)
        case seconds(Place<Double>, ClosedRange<Double>)
        /// Seconds, or for ever.
        case age(Place<Double?>)
        case layout(Place<OutboxLayout>)
    }

    /// The key in the file; ``flag`` and ``variable`` are made from it.
    public let name: String
    let kind: Kind
    /// What it means, in one or two sentences.
    public let help: String

    /// The option of `espalier serve`.
    public var flag: String { "--" + name.replacing("_", with: "-") }
    /// The environment variable.
    public var variable: String { "ESPALIER_" + name.uppercased() }

    /// The key of a name.
    public static func named(_ name: String) -> ConfigurationKey? { all.first { $0.name == name } }

    /// Every key, in the order in which they are shown.
    public static var all: [ConfigurationKey] { places + work + waiting + keeping }

    private static var places: [ConfigurationKey] {
        [
            ConfigurationKey(
                name: "root",
                kind: .folder(\.root),
                help: "The folder of inbox, outbox and state; the other paths are relative to it."
            ),
            ConfigurationKey(name: "inbox", kind: .folder(\.inbox), help: "Where drops arrive."),
            ConfigurationKey(
                name: "outbox",
                kind: .folder(\.outbox),
                help: "Where results are delivered. On one file system with the inbox."
            ),
            ConfigurationKey(
                name: "state",
                kind: .folder(\.state),
                help:
                    "Claimed jobs, checkpoints and finished drops. On one file system with the inbox."
            ),
            ConfigurationKey(
                name: "data_folders",
                kind: .folders(\.dataFolders),
                help:
                    "The only folders in which data files may be, wherever links lead. Without it: the inbox, "
                    + "the root and its data folder."
            ),
            ConfigurationKey(
                name: "outbox_layout",
                kind: .layout(\.outboxLayout),
                help: "How deliveries are called: plain (NAME) or dated (2026-11-25_NAME)."
            ),
            ConfigurationKey(
                name: "metrics",
                kind: .folder(\.metrics),
                help:
                    "The file for Prometheus' textfile collector, relative to the outbox; it must end in .prom."
            ),
        ]
    }

    private static var work: [ConfigurationKey] {
        [
            ConfigurationKey(
                name: "concurrency",
                kind: .count(\.settings.concurrency, 1...256),
                help: "Jobs worked on at a time."
            ),
            ConfigurationKey(
                name: "threads",
                kind: .count(\.threads, 0...256),
                help: "The most threads of one job, whatever its spec asks for; 0 for no limit. "
                    + "The results do not depend on it."
            ),
            ConfigurationKey(
                name: "memory",
                kind: .bytes(\.memoryBytes),
                help: "The most memory of one job, such as 8G; 0 for no limit. "
                    + "A job that takes more is ended and delivered as failed."
            ),
            ConfigurationKey(
                name: "stall",
                kind: .seconds(\.settings.stallSeconds, 1...604_800),
                help: "A worker that reports nothing for so long is taken to hang, and ended."
            ),
            ConfigurationKey(
                name: "lease",
                kind: .seconds(\.settings.leaseSeconds, 0.5...86_400),
                help:
                    "A daemon of another host on the same root that shows no sign of life for so long "
                    + "is taken to be dead, and its jobs are taken over."
            ),
            ConfigurationKey(
                name: "rest",
                kind: .seconds(\.settings.restSeconds, 0.1...86_400),
                help: "How long a job rests after a full disk or another passing fault."
            ),
        ]
    }

    private static var waiting: [ConfigurationKey] {
        [
            ConfigurationKey(
                name: "poll",
                kind: .seconds(\.settings.pollSeconds, 0.1...86_400),
                help: "The inbox is looked at this often, even if nothing hinted at a change."
            ),
            ConfigurationKey(
                name: "settle",
                kind: .seconds(\.settings.settleSeconds, 0...3600),
                help: "A drop must lie unchanged for so long."
            ),
            ConfigurationKey(
                name: "grace",
                kind: .seconds(\.settings.graceSeconds, 0...604_800),
                help: "A model that is shorter than it says is waited for this long."
            ),
        ]
    }

    private static var keeping: [ConfigurationKey] {
        [
            ConfigurationKey(
                name: "keep_done",
                kind: .age(\.retention.doneSeconds),
                help:
                    "How long the drop of a delivered job is kept in the state folder, or `forever`."
            ),
            ConfigurationKey(
                name: "keep_failed",
                kind: .age(\.retention.failedSeconds),
                help:
                    "How long the drop of a job that was delivered as failed is kept, and can be tried again."
            ),
            ConfigurationKey(
                name: "keep_delivered",
                kind: .age(\.retention.deliveredSeconds),
                help: "How long deliveries stay in the outbox."
            ),
            ConfigurationKey(
                name: "on_delivery",
                kind: .program(\.onDelivery),
                help: "A program that is started with each delivered folder as its argument."
            ),
            ConfigurationKey(
                name: "on_delivery_limit",
                kind: .seconds(\.onDeliverySeconds, 1...86_400),
                help: "The program is ended after this long."
            ),
        ]
    }
}
