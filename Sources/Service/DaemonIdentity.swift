import Durability
import Foundation

/// One run of a daemon, as the folders of its jobs name it: `HOST-RUN`, eight hexadecimal digits each.
public struct DaemonIdentity: Hashable, Sendable {
    /// The machine since its start.
    ///
    /// Processes of equal hosts share a kernel, so each can tell by a lock whether the other lives.
    public let host: String
    /// This run.
    public let run: String

    /// Names a run.
    ///
    /// - Parameters:
    ///   - boot: What the kernel calls its start (`/proc/sys/kernel/random/boot_id`).
    ///   - run: A fresh number.
    public init(boot: String, run: UInt32) {
        host = String(SHA256.hash(Array(boot.utf8)).description.prefix(8))
        let digits = String(run, radix: 16)
        self.run = String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// Takes a name apart; nil where it is none.
    public init?(name: Substring) {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.count == 8 && $0.allSatisfy(\.isHexDigit) })
        else { return nil }
        (host, run) = (String(parts[0]), String(parts[1]))
    }

    /// The name, as it stands in folder names.
    public var name: String { "\(host)-\(run)" }

    /// A new name for this process, on the kernel it runs on.
    public static func ofThisProcess() -> DaemonIdentity {
        let run = UInt32.random(in: .min ... .max)
        do {
            let path = "/proc/sys/kernel/random/boot_id"
            let boot = try String(contentsOfFile: path, encoding: .utf8)
            return DaemonIdentity(boot: boot, run: run)
        } catch {
            // Where the kernel does not say, this run counts as a host of its own, and leases alone decide.
            return DaemonIdentity(boot: "\(UInt64.random(in: .min ... .max))", run: run)
        }
    }
}
