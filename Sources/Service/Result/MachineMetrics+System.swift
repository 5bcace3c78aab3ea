import Foundation
import Glibc
import JobFiles

extension MachineMetrics {
    /// The machine this runs on.
    static var current: MachineMetrics {
        var names = utsname()
        uname(&names)
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
        return MachineMetrics(
            hostName: text(names.nodename),
            kernel: "\(text(names.sysname)) \(text(names.release))",
            architecture: text(names.machine),
            processor: processor,
            processors: ProcessInfo.processInfo.activeProcessorCount
        )
    }

    /// As Linux says it; other systems, and processors without a name, say nothing.
    private static var processor: String? {
        guard let handle = FileHandle(forReadingAtPath: "/proc/cpuinfo") else { return nil }
        defer { handle.closeFile() }
        let text = String(decoding: handle.readData(ofLength: 1 << 16), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":", maxSplits: 1).last
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }
}

/// Seconds that all threads of this process have worked.
func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The time of day, ISO 8601 in UTC.
func timestamp() -> String { Date().formatted(.iso8601) }
