import Foundation
import Graph
import KerasFormat
import Service
import Testing

/// What `espalier check` says of a model.
@Suite struct ModelDescriptionTests {
    private func path(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/keras/\(name)").path
    }

    private func lines(_ name: String) throws -> [String] {
        try ModelDescription.checking(model: path(name), spec: nil, dataFolders: []).checkLines
    }

    @Test("each layer is prunable, coupled, frozen with its reason, or passes channels on")
    func layers() throws {
        let lines = try lines("residual-keras3.h5")
        func state(of layer: String) -> String? {
            lines.first { $0.hasPrefix("  \(layer) ") }
                .map { String($0.dropFirst(layer.count + 2).drop { $0 == " " }) }
        }
        #expect(state(of: "stem") == "prunable, coupled with frozen")
        #expect(state(of: "projection") == "prunable, coupled with down")
        #expect(state(of: "stem_bn") == "passes on stem")
        #expect(state(of: "head") == "frozen because a softmax is taken over its channels")
        #expect(state(of: "image") == "passes on channels that stay")
        #expect(lines[0].contains("prunable, 1 frozen"))
    }

    @Test("a coupled group is a chain from what makes its channels to what reads them")
    func chains() throws {
        let lines = try lines("residual-keras3.h5")
        let chain = try #require(lines.first { $0.hasPrefix("  down (12): ") })
        #expect(chain.contains("down + projection → "))
        #expect(chain.contains(" → sum_2 → "))
        #expect(chain.hasSuffix(" → head"))
    }

    @Test("a job is estimated, and a longer one takes longer")
    func estimate() throws {
        let model = path("residual-keras3.h5")
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "espalier-check-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let spec = folder.appending(path: "spec.yaml")
        try Data("data: {file: none.h5}\nbudget: {macs: 0.5}\n".utf8).write(to: spec)
        let description = try ModelDescription.checking(
            model: model,
            spec: spec.path,
            dataFolders: []
        )
        let estimate = try #require(description.estimate)
        #expect(!estimate.isOfData && estimate.trainingSamples == 10_000)
        #expect(estimate.wallSeconds > 0)
        #expect((64 << 20..<4 << 30).contains(estimate.memoryBytes))
        #expect(estimate.line.contains("training samples"))
        #expect(description.json.contains("\"carriers\""))
    }
}
