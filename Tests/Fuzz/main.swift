import Foundation
import Glibc

// Reads damaged files of every kind that comes from outside, in child processes under a memory limit and a time limit:
//     swift run -c release espalier-fuzz [--seconds 60] [--seed 1] [--target NAME]
// A sample that traps, hangs or takes too much memory is named by its target and seed; `--replay SEED --target NAME`
// runs it alone, here. The exit status is 1 if there was one.

/// How the parent and its children are started.
struct Arguments {
    var seconds = 60.0
    var seed: UInt64 = 1
    var target: String?
    var replay: UInt64?
    /// A child's first seed, and where it says how far it is.
    var child: (first: UInt64, progress: String)?
    var fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures").path

    init(_ words: [String]) {
        var words = words[...]
        while let word = words.popFirst() {
            let value = words.popFirst() ?? ""
            switch word {
            case "--seconds": seconds = Double(value) ?? seconds
            case "--seed": seed = UInt64(value) ?? seed
            case "--target": target = value
            case "--replay": replay = UInt64(value)
            case "--fixtures": fixtures = value
            case "--child": child = (UInt64(value) ?? 0, words.popFirst() ?? "")
            default:
                print("unknown: \(word)")
                exit(64)
            }
        }
    }
}

let memoryLimitBytes: UInt64 = 512 << 20

/// Runs samples from the first seed on, writing each seed down before its sample is tried.
func runChild(_ target: FuzzTarget, first: UInt64, progress: String, until end: Date) throws {
    var limit = rlimit(rlim_cur: rlim_t(memoryLimitBytes), rlim_max: rlim_t(memoryLimitBytes))
    setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit)
    let descriptor = open(progress, O_RDWR | O_CREAT, 0o600)
    for seed in first..<first + target.executionsPerChild {
        var current = seed
        pwrite(descriptor, &current, 8, 0)
        alarm(60)
        do { try target.read(target.mutator.sample(seed: seed)) } catch {
            // A typed refusal is what a damaged file should end in.
        }
        if Date() >= end { break }
    }
}

func runParent(_ arguments: Arguments, _ targets: [FuzzTarget]) throws -> Int {
    let progress = NSTemporaryDirectory() + "/espalier-fuzz-\(getpid())"
    defer { unlink(progress) }
    let end = Date(timeIntervalSinceNow: arguments.seconds)
    var executions: [String: UInt64] = [:]
    var faults = 0
    var next = Dictionary(uniqueKeysWithValues: targets.map { ($0.name, arguments.seed << 40) })
    while Date() < end {
        for target in targets where Date() < end {
            let first = next[target.name] ?? 0
            let child = Process()
            child.executableURL = URL(filePath: "/proc/self/exe")
            child.arguments = [
                "--target", target.name, "--fixtures", arguments.fixtures,
                "--seconds", "\(end.timeIntervalSinceNow)", "--child", "\(first)", progress,
            ]
            child.environment = ["SWIFT_BACKTRACE": "enable=no"]
            try child.run()
            child.waitUntilExit()
            let bytes = try Data(contentsOf: URL(filePath: progress))
            let last = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            executions[target.name, default: 0] += last - first + 1
            next[target.name] = last + 1
            if child.terminationReason != .exit || child.terminationStatus != 0 {
                faults += 1
                let how = child.terminationStatus == SIGALRM ? "hung" : "ended by signal"
                print("\(target.name) seed \(last): \(how) \(child.terminationStatus)")
            }
        }
    }
    for (name, count) in executions.sorted(by: { $0.key < $1.key }) { print("\(name): \(count)") }
    print("\(executions.values.reduce(0, +)) executions, \(faults) faults")
    return faults
}

let arguments = Arguments(Array(CommandLine.arguments.dropFirst()))
let targets = try FuzzTarget.all(fixtures: arguments.fixtures)
    .filter { arguments.target == nil || $0.name == arguments.target }
if let child = arguments.child, let target = targets.first {
    try runChild(
        target,
        first: child.first,
        progress: child.progress,
        until: Date(timeIntervalSinceNow: arguments.seconds)
    )
} else if let seed = arguments.replay, let target = targets.first {
    do { try target.read(target.mutator.sample(seed: seed)) } catch { print("refused: \(error)") }
} else {
    exit(try runParent(arguments, targets) == 0 ? 0 : 1)
}
