import JobFiles
import Testing

@Suite struct JobSpecTests {
    @Test("the shortest spec has two keys and every default")
    func shortest() throws {
        let spec = try JobSpec.parse("data: {file: cifar10.h5}\nbudget: {macs: 0.5}\n")
        #expect(spec.data.file == "cifar10.h5")
        #expect(spec.budget == JobSpec.Budget(unit: "macs", values: [0.5]))
        #expect(spec.distillation.epochs == JobSpec().distillation.epochs)
    }

    @Test("the resolved spec reads back as the same spec")
    func resolved() throws {
        let text = """
            data: {file: "a \\"b\\".h5", mean: [1, 2.5, 3], labels: one_hot}
            budget: {parameters: 12000}
            freeze: [conv1, "block_*"]
            sensitivity: {fractions: [0.25, 0.5]}
            compensation: {enabled: false}
            """
        let spec = try JobSpec.parse(text)
        #expect(try JobSpec.parse(spec.resolvedYAML) == spec)
        #expect(!spec.compensation.enabled)
        #expect(spec.freeze == ["conv1", "block_*"])
    }

    @Test("all faults are reported at once, each with its place and the nearest key")
    func faults() {
        let text = "dta: {}\nbudget: {macs: 0}\ndistillation: {epocs: 3, momentum: 2}\n"
        let error = #expect(throws: SpecError.self) { try JobSpec.parse(text) }
        let pointers = error?.faults.map(\.pointer) ?? []
        #expect(
            Set(pointers) == [
                "/dta", "/budget/macs", "/distillation/epocs", "/distillation/momentum",
                "/data/file",
            ]
        )
        #expect(
            error?.faults.contains { $0.hint.contains("distillation/epochs") } == true
        )
    }

    @Test(
        "text that is no spec is refused, never a trap",
        arguments: ["", "[]", "a: [", "{", "data: 3", "\u{0}", "budget: {macs: nan}", "&a [*a]"]
    )
    func garbage(text: String) {
        #expect(throws: SpecError.self) { try JobSpec.parse(text) }
    }

    @Test("JSON is read like YAML")
    func json() throws {
        let spec = try JobSpec.parse(
            "{\"data\": {\"file\": \"x.h5\"}, \"budget\": {\"macs\": 1e6}}"
        )
        #expect(spec.budget.values == [1_000_000])
    }
}
