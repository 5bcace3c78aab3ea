import Durability
import Graph
import JobFiles
import KerasFormat

/// What `espalier check` says.
extension ModelDescription {
    /// Reads a model and, where given, its spec, and estimates the job.
    ///
    /// - Throws: A failure where the model cannot be executed, or with every fault of the spec.
    public static func checking(
        model path: String,
        spec: String?,
        dataFolders: [String]
    ) throws(JobFailure) -> ModelDescription {
        var request: JobRequest?
        if let spec { request = try JobRequest.reading(path: spec) }
        let model = try model(path: path)
        var description = ModelDescription(model)
        let folders = (spec.map { [PathParts($0).folder] } ?? []) + dataFolders
        description.estimate = JobEstimate(
            of: model.network,
            request: request,
            dataFolders: folders
        )
        return description
    }

    /// For people: each layer, each coupled group as a chain, and what a job will take.
    public var checkLines: [String] {
        let width = min(layers.map(\.name.count).max() ?? 0, 40)
        let states = layers.map { layer in
            "  " + layer.name.padded(to: width) + "  " + state(of: layer)
        }
        return [summary, "", "layers:"] + states + ["", "coupled groups:"]
            + groups.map { "  " + chain(of: $0) } + (estimate.map { ["", $0.line] } ?? [])
    }

    private var summary: String {
        let prunable = layers.count { !$0.groups.isEmpty }
        let frozen = layers.count { $0.frozenBecause != nil }
        return "\(layers.count) layers: \(prunable) prunable, \(frozen) frozen, "
            + "\(layers.count - prunable - frozen) without channels of their own; "
            + "\(groups.count) coupled groups; \(NumberText.grouped(cost.macs)) macs, "
            + "\(NumberText.grouped(cost.parameters)) parameters"
            + (kerasVersion.map { "; written by Keras \($0)" } ?? "")
    }

    /// Prunable, coupled, frozen, or whose channels it passes on.
    private func state(of layer: Layer) -> String {
        if let reason = layer.frozenBecause { return "frozen because \(reason)" }
        if layer.groups.isEmpty {
            return layer.carries.isEmpty
                ? "passes on channels that stay" : "passes on \(Self.few(layer.carries))"
        }
        var others: [String] = []
        for group in groups where layer.groups.contains(group.name) {
            others += group.producers.filter { $0 != layer.name && !others.contains($0) }
        }
        return others.isEmpty ? "prunable" : "prunable, coupled with \(Self.few(others))"
    }

    /// From what makes a group's channels over what passes them on to what reads them.
    private func chain(of group: Group) -> String {
        let parts =
            [Self.few(group.producers, " + ")]
            + (group.carriers.isEmpty ? [] : [Self.few(group.carriers, " → ")])
            + [Self.few(group.consumers)]
        return "\(group.name) (\(group.width)): \(parts.joined(separator: " → "))"
    }

    /// The first names of many; all of them are in the JSON.
    private static func few(_ names: [String], _ separator: String = ", ") -> String {
        guard names.count > 8 else { return names.joined(separator: separator) }
        return names.prefix(6).joined(separator: separator)
            + "\(separator)… \(names.count - 6) more"
    }
}
