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

    /// Whether a file can be read without harm; a file that is refused in an orderly way can.
    ///
    /// - Parameter path: The model.
    /// - Throws: ``JobFailure`` with the code `hdf5-damaged` where reading it ends the process that tries.
    public func check(_ path: String) throws(JobFailure) {
        // Where no process can be started the file is read as it is: a worker's death is its job's alone.
        guard
            let process = try? ChildProcess(
                program,
                arguments: ["espalier", Self.command, path],
                isSilent: true
            )
        else { return }
        guard case .signal(let signal) = process.wait() else { return }
        throw .damaged(PathParts(path).name, signal: signal)
    }

    /// What the other process does: reads the model and forgets it, within a time that suits its size.
    public static func run(model path: String) {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        // Refused only where core files are forbidden already.
        _ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        // What libhdf5 has to say is said again by the process that asked.
        let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
        dup2(nowhere, STDERR_FILENO)
        let files = RealFileSystem()
        // A file that cannot be read or is refused is the other process' to name.
        guard let image = try? files.read(path, limit: 8 << 30) else { return }
        alarm(UInt32(20 + image.count >> 24))
        _ = try? KerasModel.read(image: image)
    }
}

extension JobFailure {
    fileprivate static func damaged(_ file: String, signal: Int32) -> JobFailure {
        let how = signal == SIGALRM ? "does not come to an end" : "ends with signal \(signal)"
        return JobFailure(
            code: "hdf5-damaged",
            message: "\(file) is damaged inside: libhdf5 \(how) on it.",
            hint: "Copy the file again, or write it again with model.save.",
            context: ["signal": "\(signal)"]
        )
    }
}
