import ArgumentParser
import Foundation
import JobFiles
import Service

@main
struct Espalier: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compresses convolutional Keras models.",
        version: ProgramVersion.current,
        subcommands: [
            Serve.self, Run.self, Compare.self, Check.self, Inspect.self, Predict.self,
            Evaluate.self,
            Bench.self, Status.self, Cancel.self, Pause.self, Resume.self, Retry.self,
            Example.self, Work.self, Cut.self, Screen.self,
        ]
    )

    /// Runs a command's work on a model; a failure is said on standard error and ends with the status of rejected input.
    static func rejecting(
        _ model: String,
        _ body: () throws(JobFailure) -> Void
    ) throws {
        do {
            _ = try ModelScreening().check(model)
            try body()
        } catch {
            say("espalier: \(error.message)\n\(error.hint) [\(error.code)]")
            throw ExitCode(65)
        }
    }
}

/// Writes a line to standard error.
func say(_ text: String) {
    FileHandle.standardError.write(Data("\(text)\n".utf8))
}

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Lists every layer as prunable, coupled with others, or frozen, and why; says what a job would take."
    )

    @Argument(help: "The model.") var model: String
    @Argument(help: "A spec to check as well.") var spec: String?
    @Flag(help: "For programs.") var json = false

    func run() throws {
        try Espalier.rejecting(model) { () throws(JobFailure) in
            let description = try ModelDescription.checking(
                model: model,
                spec: spec,
                dataFolders: [FileManager.default.currentDirectoryPath]
            )
            print(
                json ? description.json : description.checkLines.joined(separator: "\n")
            )
        }
    }
}

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists layers, shapes, parameters, macs and coupled groups."
    )

    @Argument(help: "The model.") var model: String
    @Flag(help: "For programs.") var json = false

    func run() throws {
        try Espalier.rejecting(model) { () throws(JobFailure) in
            let description = try ModelDescription(path: model)
            print(
                json ? description.json : description.inspectLines.joined(separator: "\n")
            )
        }
    }
}

struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes what a model answers for a dataset."
    )

    @Argument(help: "The model.") var model: String
    @Option(help: "The samples, as FILE:DATASET; once for each input.") var data: [String]
    @Option(help: "Where the answers go, as FILE:DATASET; once for each output.") var out: [String]
    @Option(help: "Samples at a time.") var batch = 128

    func validate() throws {
        guard batch > 0 else { throw ValidationError("--batch must be above 0.") }
        _ = try (data.map(Self.place), out.map(Self.place))
    }

    func run() throws {
        let (samples, answers) = try (data.map(Self.place), out.map(Self.place))
        try Espalier.rejecting(model) { () throws(JobFailure) in
            let count = try Prediction(model: model).run(data: samples, out: answers, batch: batch)
            print("\(count) samples")
        }
    }

    private static func place(_ text: String) throws -> Prediction.Place {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
            text.index(after: colon) != text.endIndex
        else { throw ValidationError("Received \(text). Expected FILE:DATASET.") }
        return Prediction.Place(
            file: String(text[..<colon]),
            dataset: String(text[text.index(after: colon)...])
        )
    }
}
