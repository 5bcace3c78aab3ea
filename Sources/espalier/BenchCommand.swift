import ArgumentParser
import JobFiles
import Service

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says how fast this machine runs a model: images/s, GMAC/s, peak memory."
    )

    @Argument(help: "The model.") var model: String
    @Option(help: "Samples at a time.") var batch = 128
    @Flag(help: "Times training steps instead of predictions.") var train = false
    @Option(help: "Threads that compute; all processors if not given.") var threads: Int?
    @Option(help: "About how long to measure.") var seconds = 5.0
    @Flag(help: "For programs.") var json = false

    func validate() throws {
        guard batch > 0 else { throw ValidationError("--batch must be above 0.") }
        if let threads, threads < 1 { throw ValidationError("--threads must be above 0.") }
    }

    func run() throws {
        try Espalier.rejecting(model) { () throws(JobFailure) in
            let speed = try SpeedMeasurement(
                model: model,
                settings: SpeedMeasurement.Settings(
                    batch: batch,
                    mode: train ? .train : .forward,
                    threads: threads,
                    seconds: seconds
                )
            )
            print(json ? speed.json : speed.lines.joined(separator: "\n"))
        }
    }
}
