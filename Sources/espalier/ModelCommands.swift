import ArgumentParser
import Durability
import Foundation
import JobFiles
import Service

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says how well a model does on the test data of a spec."
    )

    @Argument(help: "The model.") var model: String
    @Argument(help: "The spec.") var spec: String
    @Flag(help: "For programs.") var json = false

    func run() throws {
        try Espalier.rejecting(model) { () throws(JobFailure) in
            let quality = try ModelEvaluation.run(
                model: model,
                spec: spec,
                dataFolders: [FileManager.default.currentDirectoryPath]
            )
            print(json ? quality.json : quality.lines.joined(separator: "\n"))
        }
    }
}

struct Example: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a sample data set, a trained sample model and its spec."
    )

    @Argument(help: "The folder to write to.") var folder: String

    func run() throws {
        do {
            let example = try ExampleFolder(writingTo: folder, observe: say)
            print(example.quality.lines.joined(separator: "\n"))
            print(example.files.joined(separator: "\n"))
        } catch let failure as JobFailure {
            say("espalier: \(failure.message)")
            throw ExitCode(73)
        }
    }
}

struct Cut: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cuts a model by the size of its weights alone, without data or training.",
        discussion: "Shows what a model's structure allows; what comes out is not trained.",
        shouldDisplay: false
    )

    @Argument(help: "The model.") var model: String
    @Option(help: "The share of macs to keep; 1 writes the model unchanged.") var macs: Double
    @Option(help: "The file to write.") var out: String
    @Flag(help: "For programs.") var json = false

    func validate() throws {
        guard macs > 0 else { throw ValidationError("--macs must be above 0.") }
    }

    func run() throws {
        try Espalier.rejecting(model) { () throws(JobFailure) in
            let cut = try ModelCut.run(model: model, macs: macs, out: out)
            print(json ? cut.json : cut.line)
        }
    }
}

struct Screen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: ModelScreening.command,
        abstract: "Reads a model and says nothing; other commands start this.",
        shouldDisplay: false
    )

    @Argument(help: "The model.") var model: String

    func run() { ModelScreening.run(model: model) }
}
