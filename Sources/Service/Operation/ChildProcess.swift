import Foundation
import Glibc

/// A program started beside this one, as the leader of a process group of its own.
///
/// Not Foundation's `Process`: that asks for network sockets, which the sandbox of the unit refuses, and says so in the log.
final class ChildProcess {
    /// How a program ended.
    enum Ending: Hashable {
        case exit(Int32)
        case signal(Int32)
    }

    /// Why a program could not be started.
    struct StartError: Error, Hashable, CustomStringConvertible {
        let program: String
        let code: Int32
        var description: String { "\(program): \(String(cString: strerror(code)))" }
    }

    /// Its number, and that of its process group.
    let identifier: pid_t
    private var known: Ending?

    /// Starts a program with no input; what it writes to standard error goes where ours goes.
    ///
    /// It gets no other file of ours, since all are opened to be closed by that (`O_CLOEXEC`).
    ///
    /// - Parameters:
    ///   - program: Its path.
    ///   - arguments: The arguments, the first being what it is called.
    ///   - variables: What is added to our environment.
    ///   - isSilent: Whether nobody reads its output.
    /// - Throws: Why it could not be started.
    init(
        _ program: String,
        arguments: [String],
        variables: [String: String] = [:],
        isSilent: Bool
    ) throws(StartError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        if isSilent {
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        }
        var attributes = Self.attributes()
        defer { posix_spawnattr_destroy(&attributes) }
        let environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        let words = arguments.map { strdup($0) } + [nil]
        let settings = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + settings { free(text) } }
        var identifier = pid_t()
        let code = posix_spawn(&identifier, program, &actions, &attributes, words, settings)
        guard code == 0 else { throw StartError(program: program, code: code) }
        self.identifier = identifier
    }

    /// A group of its own, and all signals as they are by default, whatever we do about ours.
    private static func attributes() -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))
        posix_spawnattr_setpgroup(&attributes, 0)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        return attributes
    }

    /// How it ended, or nil while it runs.
    var ending: Ending? {
        if let known { return known }
        var status: Int32 = 0
        guard waitpid(identifier, &status, WNOHANG) == identifier else { return nil }
        // As WIFEXITED, WEXITSTATUS and WTERMSIG have it, see `man 2 waitpid`.
        let signal = status & 0x7F
        known = signal == 0 ? .exit((status >> 8) & 0xFF) : .signal(signal)
        return known
    }

    /// Sends a signal to it alone, or to its whole group; nothing where it has ended.
    func signal(_ number: Int32, toGroup isForGroup: Bool = false) {
        guard ending == nil else { return }
        kill(isForGroup ? -identifier : identifier, number)
    }

    deinit {
        guard known == nil else { return }
        // Whoever lets go of a running one does not want to wait, but somebody must take note of its end.
        let identifier = identifier
        Thread.detachNewThread {
            var status: Int32 = 0
            waitpid(identifier, &status, 0)
        }
    }
}
