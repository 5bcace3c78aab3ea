import ArgumentParser
import Foundation
import Service

@main
struct Espalier: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compresses convolutional Keras models.",
        subcommands: [
            Serve.self, Run.self, Check.self, Inspect.self, Predict.self, Evaluate.self,
            Status.self, Example.self, Work.self,
        ]
    )

    /// Ends with the status of rejected input, saying why.
    static func reject(_ failure: JobFailure) -> ExitCode {
        let text = "espalier: \(failure.message)\n\(failure.hint) [\(failure.code)]\n"
        FileHandle.standardError.write(Data(text.utf8))
        return ExitCode(65)
    }
}

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists every layer as prunable, coupled with others, or frozen, and why."
    )

    @Argument(help: "The model.") var model: String
    @Argument(help: "A spec to check as well.") var spec: String?
    @Flag(help: "For programs.") var json = false

    func run() throws {
        do throws(JobFailure) {
            let description = try ModelDescription(path: model)
            print(
                json ? description.json : description.checkLines.joined(separator: "\n")
            )
            if let spec { _ = try JobRequest.reading(path: spec) }
        } catch {
            throw Espalier.reject(error)
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
        do throws(JobFailure) {
            let description = try ModelDescription(path: model)
            print(
                json ? description.json : description.inspectLines.joined(separator: "\n")
            )
        } catch {
            throw Espalier.reject(error)
        }
    }
}

struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes what a model answers for a dataset."
    )

    @Argument(help: "The model.") var model: String
    @Option(help: "The samples, as FILE:DATASET.") var data: String
    @Option(help: "Where the answers go, as FILE:DATASET.") var out: String
    @Option(help: "Samples at a time.") var batch = 128

    func validate() throws {
        guard batch > 0 else { throw ValidationError("--batch must be above 0.") }
        _ = try (Self.place(data), Self.place(out))
    }

    func run() throws {
        do {
            let count = try Prediction.run(
                model: model,
                data: Self.place(data),
                out: Self.place(out),
                batch: batch
            )
            print("\(count) samples")
        } catch let failure as JobFailure {
            throw Espalier.reject(failure)
        }
    }

    private static func place(_ text: String) throws -> (file: String, dataset: String) {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
            text.index(after: colon) != text.endIndex
        else { throw ValidationError("Received \(text). Expected FILE:DATASET.") }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }
}
