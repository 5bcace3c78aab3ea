import ArgumentParser
import Durability
import Foundation
import Service

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says how well a model does on the test data of a spec."
    )

    @Argument(help: "The model.") var model: String
    @Argument(help: "The spec.") var spec: String
    @Flag(help: "For programs.") var json = false

    func run() throws {
        do throws(JobFailure) {
            let quality = try ModelEvaluation.run(
                model: model,
                spec: spec,
                dataFolders: [FileManager.default.currentDirectoryPath]
            )
            print(json ? quality.json : quality.lines.joined(separator: "\n"))
        } catch {
            throw Espalier.reject(error)
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
            let example = try ExampleFolder(writingTo: folder) { line in
                FileHandle.standardError.write(Data("\(line)\n".utf8))
            }
            print(example.quality.lines.joined(separator: "\n"))
            print(example.files.joined(separator: "\n"))
        } catch let failure as JobFailure {
            FileHandle.standardError.write(Data("espalier: \(failure.message)\n".utf8))
            throw ExitCode(73)
        }
    }
}
