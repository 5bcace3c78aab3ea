import Graph
import Tensors

/// The edits of the configuration's text that turn one network into another that surgery made of it.
struct ConfigurationEdits {
    private let old: Network
    private let new: Network
    private(set) var edits: [JSONDocument.Edit] = []

    init(from old: Network, to new: Network) {
        self.old = old
        self.new = new
    }

    /// Adds the edits of one layer: its widths, and every shape that is written down for it.
    mutating func add(_ layer: KerasLayer) throws(KerasError) {
        guard layer.isInFile else { return }
        for index in layer.networkLayers {
            try addSettings(
                layer.configuration,
                from: old.layers[index].kind,
                to: new.layers[index].kind
            )
        }
        for call in layer.calls {
            for (reference, node) in zip(call.references, call.inputs) {
                if let shape = reference.shape { addShape(shape, node: node) }
            }
        }
        guard let inputs = layer.calls.first?.inputs, !inputs.isEmpty else { return }
        if let build = layer.configuration.buildConfig { addBuildShapes(build, inputs: inputs) }
        for key in ["batch_input_shape", "batch_shape", "noise_shape"] {
            if let shape = layer.configuration.value(key) { addShape(shape, node: inputs[0]) }
        }
    }

    private mutating func addSettings(
        _ configuration: LayerConfiguration,
        from old: LayerKind,
        to new: LayerKind
    ) throws(KerasError) {
        switch (old, new) {
        case (.convolution2D(let before), .convolution2D(let after)):
            try set("filters", in: configuration, from: before.filters, to: after.filters)
            try set("groups", in: configuration, from: before.groups, to: after.groups)
        case (.dense(let before), .dense(let after)):
            try set("units", in: configuration, from: before.units, to: after.units)
        case (.reshape(let before), .reshape(let after)):
            guard let lengths = configuration.value("target_shape")?.elements,
                lengths.count == after.target.count
            else { throw mismatch(configuration.name, "target_shape", "\(after.target)") }
            for (axis, value) in lengths.enumerated()
            where before.target[axis] != after.target[axis] {
                edits.append(.init(range: value.range, text: "\(after.target[axis])"))
            }
        default:
            guard old == new else {
                throw mismatch(configuration.name, "the settings of \(old)", "\(new)")
            }
        }
    }

    private mutating func set(
        _ key: String,
        in configuration: LayerConfiguration,
        from old: Int,
        to new: Int
    ) throws(KerasError) {
        guard old != new else { return }
        guard let value = configuration.value(key) else {
            throw mismatch(configuration.name, key, "\(new)")
        }
        edits.append(.init(range: value.range, text: "\(new)"))
    }

    private func mismatch(_ layer: String, _ expected: String, _ found: String) -> KerasError {
        .otherModel(layer: layer, expected: expected, found: found)
    }

    /// The shapes of the inputs, in whatever structure Keras 3 wrote them: one per list of numbers, in order.
    private mutating func addBuildShapes(_ value: JSONValue, inputs: [Int]) {
        let shapes = Self.shapes(in: value)
        for (index, shape) in shapes.enumerated() {
            addShape(shape, node: index < inputs.count ? inputs[index] : inputs[0])
        }
    }

    private static func shapes(in value: JSONValue) -> [JSONValue] {
        if let members = value.members { return members.flatMap { shapes(in: $0.value) } }
        guard let elements = value.array else { return [] }
        if elements.contains(where: { $0.array != nil || $0.members != nil }) {
            return elements.flatMap { shapes(in: $0) }
        }
        return elements.isEmpty ? [] : [value]
    }

    /// Replaces the lengths, batch first, that surgery changed in the output of a node and that are written as they were.
    private mutating func addShape(_ value: JSONValue, node: Int) {
        let before = old.shapes[node]
        let after = new.shapes[node]
        guard before != after, let lengths = value.elements, lengths.count == before.rank + 1
        else { return }
        for axis in 0..<before.rank where before[axis] != after[axis] {
            let length = lengths[axis + 1]
            guard length.integer == before[axis] else { continue }
            edits.append(.init(range: length.range, text: "\(after[axis])"))
        }
    }
}
