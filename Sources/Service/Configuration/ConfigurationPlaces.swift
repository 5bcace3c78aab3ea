import Durability

/// Where a configuration file is looked for.
public enum ConfigurationPlaces {
    /// The places in order, given what `--config` says, and whether a file must be there: one that somebody named must.
    public static func candidates(
        flag: String?,
        environment: [String: String]
    ) -> (paths: [String], mustExist: Bool) {
        if let named = flag ?? environment["ESPALIER_CONFIG"] { return ([named], true) }
        var paths: [String] = []
        // The base directory specification takes relative paths for unset.
        if let home = environment["XDG_CONFIG_HOME"], home.hasPrefix("/") {
            paths.append("\(home)/espalier/espalier.yaml")
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            paths.append("\(home)/.config/espalier/espalier.yaml")
        }
        paths.append("/etc/espalier/espalier.yaml")
        return (paths, false)
    }
}

extension ResolvedConfiguration {
    /// Reads the file that counts and puts the layers together.
    ///
    /// - Throws: ``ConfigurationError`` with every fault.
    public static func reading(
        flags: [String: ConfigurationValue],
        config: String?,
        environment: [String: String],
        files: any FileSystem
    ) throws(ConfigurationError) -> ResolvedConfiguration {
        let (paths, mustExist) = ConfigurationPlaces.candidates(
            flag: config,
            environment: environment
        )
        for path in paths {
            let text: [UInt8]
            if !mustExist, !isThere(path, on: files) { continue }
            do throws(FileSystemError) {
                text = try files.read(path, limit: 1 << 20)
            } catch {
                throw ConfigurationError(
                    faults: [.unreadable(path: path, reason: error.description)]
                )
            }
            return try ResolvedConfiguration(
                flags: flags,
                environment: environment,
                file: (path, String(decoding: text, as: UTF8.self))
            )
        }
        return try ResolvedConfiguration(flags: flags, environment: environment, file: nil)
    }

    /// A folder that may not be looked into, such as another user's home, holds no file of ours.
    private static func isThere(_ path: String, on files: any FileSystem) -> Bool {
        do throws(FileSystemError) {
            return try files.statusIfPresent(of: path) != nil
        } catch {
            return false
        }
    }
}
