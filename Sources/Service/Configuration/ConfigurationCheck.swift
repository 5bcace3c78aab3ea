import Durability
import Glibc

/// Asks the file system whether a configuration can work, before the first drop is touched.
public struct ConfigurationCheck {
    private let resolved: ResolvedConfiguration
    private let files: any FileSystem

    /// Makes a check.
    public init(_ resolved: ResolvedConfiguration, files: any FileSystem) {
        self.resolved = resolved
        self.files = files
    }

    /// What cannot work; a folder that is missing is made, and what else fails is the daemon's to report.
    public func faults() -> [ConfigurationFault] {
        var faults: [ConfigurationFault] = []
        let configuration = resolved.configuration
        if !configuration.metrics.hasSuffix(".prom") {
            faults.append(fault("metrics", "a file that ends in .prom", configuration.metrics))
        }
        if let hook = configuration.hook, access(hook.program, X_OK) != 0 {
            faults.append(fault("on_delivery", "a program that can be started", hook.program))
        }
        let spool = configuration.spool
        do throws(FileSystemError) {
            try spool.prepare(on: files)
            for (key, folder) in [("inbox", spool.inbox), ("outbox", spool.outbox)]
            where try !canRename(from: spool.work, to: folder) {
                let expected =
                    "a folder on one file system, and one mount, with state (\(spool.work))"
                faults.append(fault(key, expected, folder))
            }
        } catch {
            return faults
        }
        return faults
    }

    /// Every claim and every delivery is a rename, so that alone tells; two mounts of one file system refuse it too.
    private func canRename(from folder: String, to other: String) throws(FileSystemError) -> Bool {
        let name = TemporaryName.make(for: "probe")
        try files.touch("\(folder)/\(name)")
        do throws(FileSystemError) {
            try files.rename("\(folder)/\(name)", to: "\(other)/\(name)")
        } catch {
            try files.removeFile("\(folder)/\(name)")
            if error.number == EXDEV { return false }
            throw error
        }
        try files.removeFile("\(other)/\(name)")
        return true
    }

    private func fault(_ key: String, _ expected: String, _ found: String) -> ConfigurationFault {
        .value(resolved.origin(of: key), key: key, expected: expected, found: found)
    }
}
