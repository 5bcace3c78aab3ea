import Foundation
import JobFiles
import Testing

/// The package, found from this file.
let packageFolder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

@Suite struct SchemaTests {
    private func faults(of value: some Encodable, _ schema: String) throws -> [String] {
        try SchemaChecker.faults(
            of: JSONText.bytes(of: value),
            schemaAt: "\(packageFolder)/Docs/schema/\(schema).schema.json"
        )
    }

    @Test("metrics with every field in use are as the schema says")
    func metrics() throws {
        #expect(try faults(of: SampleMetrics.job(), "metrics") == [])
    }

    @Test("metrics of a model without labels, without anything measured, are as the schema says")
    func sparseMetrics() throws {
        var metrics = SampleMetrics.job(blocks: 1)
        let bare = QualityMetrics(accuracy: nil, loss: 0.5)
        metrics.model.before.test = nil
        metrics.model.after.test = nil
        metrics.model.before.heldOut = bare
        metrics.stages.pruned = bare
        metrics.groups[0].search = nil
        metrics.groups[0].compensation = nil
        metrics.groups[0].sensitivity = []
        metrics.epochs = []
        metrics.latency = []
        metrics.classes = nil
        metrics.confusions = nil
        metrics.run.versions.keras = nil
        metrics.run.machine.processor = nil
        #expect(try faults(of: metrics, "metrics") == [])
    }

    @Test("a schema and the values it describes name the same fields")
    func namesAgree() throws {
        let document = try object(JSONText.bytes(of: SampleMetrics.job()))
        let schema = try object(
            Array(
                Data(contentsOf: URL(filePath: "\(packageFolder)/Docs/schema/metrics.schema.json"))
            )
        )
        let described = Set(names(inSchema: schema))
        let written = Set(names(inDocument: document))
        #expect(described.subtracting(written) == [], "described, but written nowhere")
        #expect(written.subtracting(described) == [], "written, but described nowhere")
    }

    @Test("a field that is missing, renamed, of another type or out of range is a fault")
    func checkerFinds() throws {
        let text = JSONText.text(of: SampleMetrics.job())
        for (old, new) in [
            ("\"seed\"", "\"sede\""), ("\"seed\" : 7", "\"seed\" : \"7\""),
            ("\"seed\" : 7", "\"seed\" : 7.5"), ("\"is_chosen\" : true", "\"is_chosen\" : 1"),
            ("\"accuracy\" : 0.31", "\"accuracy\" : 1.31"),
            ("\"schema_version\" : 1", "\"schema_version\" : 2"),
            ("2026-01-02T03:04:05Z", "yesterday"),
        ] {
            #expect(text.contains(old), "the sample has \(old)")
            let found = try SchemaChecker.faults(
                of: Array(text.replacing(old, with: new).utf8),
                schemaAt: "\(packageFolder)/Docs/schema/metrics.schema.json"
            )
            #expect(!found.isEmpty, "\(new) for \(old)")
        }
    }

    @Test("metrics read back are those that were written")
    func roundTrip() throws {
        let metrics = SampleMetrics.job()
        let bytes = JSONText.bytes(of: metrics)
        #expect(try JSONText.value(JobMetrics.self, from: bytes) == metrics)
        #expect(JSONText.bytes(of: metrics) == bytes)
    }

    @Test("status, failure and kept channels are as their schemas say")
    func others() throws {
        #expect(try faults(of: SampleJobs.list, "status") == [])
        #expect(try faults(of: SampleJobs.failure, "failure") == [])
        let kept = KeptChannels(groups: [
            KeptChannels.Group(name: "a", producers: ["a", "b"], units: 4, kept: [0, 3])
        ])
        #expect(try faults(of: kept, "kept-channels") == [])
    }

    @Test(
        "history and sensitivities are as their schemas say, with labels and without",
        arguments: [true, false]
    )
    func tables(hasLabels: Bool) throws {
        var metrics = SampleMetrics.job()
        if !hasLabels {
            let bare = QualityMetrics(accuracy: nil, loss: 0.5)
            for index in metrics.epochs.indices {
                metrics.epochs[index].accuracy = nil
                metrics.epochs[index].heldOut = bare
            }
            metrics.groups[0].sensitivity[0].heldOut = bare
        }
        for (text, name) in [
            (metrics.historyCSV, "history"), (metrics.sensitivityCSV, "sensitivity"),
        ] {
            let bytes = try JSONSerialization.data(withJSONObject: rows(of: text))
            let path = "\(packageFolder)/Docs/schema/\(name).schema.json"
            #expect(try SchemaChecker.faults(of: Array(bytes), schemaAt: path) == [])
            let other = text.replacing("val_loss", with: "loss_val")
            let wrong = try JSONSerialization.data(withJSONObject: rows(of: other))
            #expect(try SchemaChecker.faults(of: Array(wrong), schemaAt: path) != [])
        }
    }

    /// A table without quoted fields as one object per row; `NA` is left out, numbers are numbers.
    private func rows(of text: String) -> [[String: Any]] {
        let lines = text.split(separator: "\r\n").map { line in
            line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        return lines.dropFirst().map { fields in
            var row: [String: Any] = [:]
            for (name, field) in zip(lines[0], fields) where field != "NA" {
                row[name] = Double(field).map { $0 as Any } ?? field
            }
            return row
        }
    }

    private func object(_ bytes: [UInt8]) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(bytes))
    }

    private func names(inDocument value: Any) -> [String] {
        if let object = value as? [String: Any] {
            return Array(object.keys) + object.values.flatMap(names(inDocument:))
        }
        return (value as? [Any] ?? []).flatMap(names(inDocument:))
    }

    private func names(inSchema value: Any) -> [String] {
        guard let object = value as? [String: Any] else { return [] }
        let properties = object["properties"] as? [String: Any] ?? [:]
        let definitions = object["$defs"] as? [String: Any] ?? [:]
        return Array(properties.keys)
            + (Array(properties.values) + Array(definitions.values) + [object["items"] ?? ""])
            .flatMap(names(inSchema:))
    }
}
