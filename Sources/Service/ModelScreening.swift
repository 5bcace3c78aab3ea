import Durability
import Glibc
import JobFiles
import KerasFormat

/// Reads a model in a process of its own before this one does.
///
/// A damaged file can make libhdf5 1.10 read beyond its heaps or turn in a circle (Docs/decisions/0007). There that ends the
/// other process, and here it is an error that names the file.
public struct ModelScreening: Sendable {
    private let program: String

    /// Prepares screening by a program that is `espalier`; without one, by the program that runs.
    public init(program: String = "/proc/self/exe") {
        self.program = program
    }

    /// The words of the command that ``run(model:)`` stands behind.
    public static let command = "screen"

    /// What a screening came to.
    public enum Outcome: Hashable, Sendable {
        /// The file can be read without harm, or is refused in an orderly way.
        case harmless
        /// It was not finished: asked to stop, or the other process was ended by somebody else.
        case interrupted
    }

    /// The signals by which a file ends the process that reads it, the last where it takes too much time.
    private static let harms: Set<Int32> = [
        SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTRAP, SIGXCPU,
    ]

    /// Finds out whether a file can be read without harm.
    ///
    /// - Parameters:
    ///   - path: The model.
    ///   - mustStop: Asked all the time; the screening ends once it says so.
    /// - Returns: Whether the screening came to its end.
    /// - Throws: ``JobFailure`` with the code `hdf5-damaged` where reading it ends the process that tries.
    public func check(
        _ path: String,
        mustStop: () -> Bool = { false }
    ) throws(JobFailure) -> Outcome {
        // Where no process can be started the file is read as it is: a worker's death is its job's alone.
        guard
            let process = try? ChildProcess(
                program,
                arguments: ["espalier", Self.command, "--", path],
                isSilent: true
            )
        else { return .harmless }
        while true {
            switch process.ending {
            case .exit: return .harmless
            case .signal(let signal) where Self.harms.contains(signal):
                throw .damaged(PathParts(path).name, signal: signal)
            case .signal: return .interrupted
            case nil: break
            }
            if mustStop() {
                process.signal(SIGKILL)
                return .interrupted
            }
            usleep(1000)
        }
    }

    /// What the other process does: reads the model and forgets it, within a time of the processor that suits its size.
    public static func run(model path: String) {
        limit(RLIMIT_CORE, to: 0)
        // What libhdf5 has to say is said again by the process that asked.
        let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
        dup2(nowhere, STDERR_FILENO)
        let files = RealFileSystem()
        // A file that cannot be read or is refused is the other process' to name.
        guard let image = try? files.read(path, limit: 8 << 30) else { return }
        // Seconds; the hard limit would be SIGKILL, which says nothing.
        limit(RLIMIT_CPU, to: 20 + image.count >> 24)
        _ = try? KerasModel.read(image: image)
    }

    private static func limit(_ resource: __rlimit_resource, to most: Int) {
        var limit = rlimit(rlim_cur: rlim_t(most), rlim_max: rlim_t(2 * most))
        // Refused only where a lower limit holds already.
        _ = setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
    }
}

extension JobFailure {
    fileprivate static func damaged(_ file: String, signal: Int32) -> JobFailure {
        let how = signal == SIGXCPU ? "does not come to an end" : "ends with signal \(signal)"
        return JobFailure(
            code: "hdf5-damaged",
            message: "\(file) is damaged inside: libhdf5 \(how) on it.",
            hint: "Copy the file again, or write it again with model.save.",
            context: ["signal": "\(signal)"]
        )
    }
}
