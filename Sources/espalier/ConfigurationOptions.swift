import ArgumentParser
import Durability
import Foundation
import Service

extension ArgumentHelp {
    /// What a key of the configuration means, and its default.
    fileprivate static func key(_ name: String) -> ArgumentHelp {
        guard let key = ConfigurationKey.named(name) else {
            preconditionFailure("there is no key \(name)")
        }
        return ArgumentHelp("\(key.help) (default: \(key.standard))", valueName: key.valueName)
    }
}

/// Every key of the configuration as an option.
struct ConfigurationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The configuration file.", valueName: "file")) var config: String?
    @Option(help: .key("root")) var root: String?
    @Option(help: .key("inbox")) var inbox: String?
    @Option(help: .key("outbox")) var outbox: String?
    @Option(help: .key("state")) var state: String?
    @Option(help: .key("data_folders")) var dataFolders: [String] = []
    @Option(help: .key("outbox_layout")) var outboxLayout: String?
    @Option(help: .key("metrics")) var metrics: String?
    @Option(help: .key("concurrency")) var concurrency: String?
    @Option(help: .key("threads")) var threads: String?
    @Option(help: .key("memory")) var memory: String?
    @Option(help: .key("stall")) var stall: String?
    @Option(help: .key("lease")) var lease: String?
    @Option(help: .key("rest")) var rest: String?
    @Option(help: .key("poll")) var poll: String?
    @Option(help: .key("settle")) var settle: String?
    @Option(help: .key("grace")) var grace: String?
    @Option(help: .key("keep_done")) var keepDone: String?
    @Option(help: .key("keep_failed")) var keepFailed: String?
    @Option(help: .key("keep_delivered")) var keepDelivered: String?
    @Option(help: .key("on_delivery")) var onDelivery: String?
    @Option(help: .key("on_delivery_limit")) var onDeliveryLimit: String?

    /// The flags that were given, by the names of their keys.
    private var flags: [String: ConfigurationValue] {
        let words = [
            "root": root, "inbox": inbox, "outbox": outbox, "state": state,
            "outbox_layout": outboxLayout, "metrics": metrics, "concurrency": concurrency,
            "threads": threads, "memory": memory, "stall": stall, "lease": lease, "rest": rest,
            "poll": poll, "settle": settle, "grace": grace, "keep_done": keepDone,
            "keep_failed": keepFailed, "keep_delivered": keepDelivered,
            "on_delivery": onDelivery, "on_delivery_limit": onDeliveryLimit,
        ]
        var flags = words.compactMapValues { $0.map(ConfigurationValue.text) }
        if !dataFolders.isEmpty { flags["data_folders"] = .list(dataFolders) }
        return flags
    }

    func resolved() throws -> ResolvedConfiguration {
        try ConfigurationOptions.resolve(flags: flags, config: config)
    }

    /// Puts flags, environment and file together; faults are said and end the command.
    static func resolve(
        flags: [String: ConfigurationValue],
        config: String?
    ) throws -> ResolvedConfiguration {
        do {
            var resolved = try ResolvedConfiguration.reading(
                flags: flags,
                config: config,
                environment: ProcessInfo.processInfo.environment,
                files: RealFileSystem()
            )
            resolved.standardizeRoot { URL(filePath: $0).standardizedFileURL.path }
            return resolved
        } catch {
            try refuse(error.faults)
        }
    }

    /// Asks the file system whether the configuration can work.
    func check(_ resolved: ResolvedConfiguration) throws {
        let faults = ConfigurationCheck(resolved, files: RealFileSystem()).faults()
        if !faults.isEmpty { try Self.refuse(faults) }
    }

    /// A fault of a flag is one of usage, any other one of the configuration.
    private static func refuse(_ faults: [ConfigurationFault]) throws -> Never {
        for fault in faults { say("espalier: \(fault)") }
        throw ExitCode(faults.allSatisfy(\.isOfFlag) ? 64 : 78)
    }
}

/// Which daemon's folders a command is about.
struct PlaceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The daemon's configuration file.", valueName: "file"))
    var config: String?
    @Option(help: .key("root")) var root: String?

    func spool() throws -> Spool {
        let flags = root.map { ["root": ConfigurationValue.text($0)] } ?? [:]
        return try ConfigurationOptions.resolve(flags: flags, config: config).configuration.spool
    }
}
