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
                from: old.layers[index],
                to: new.layers[index]
            )
        }
        for call in layer.calls {
            for (reference, value) in zip(call.references, call.inputs) {
                if let shape = reference.shape { addShape(shape, of: value) }
            }
        }
        guard let inputs = layer.calls.first?.inputs, !inputs.isEmpty else { return }
        if let build = layer.configuration.buildConfig { addBuildShapes(build, inputs: inputs) }
        for key in ["batch_input_shape", "batch_shape", "build_input_shape", "noise_shape"] {
            if let shape = layer.configuration.value(key) { addShape(shape, of: inputs[0]) }
        }
    }

    private mutating func addSettings(
        _ configuration: LayerConfiguration,
        from old: Layer,
        to new: Layer
    ) throws(KerasError) {
        switch (old.kind, new.kind) {
        case (.convolution2D(let before), .convolution2D(let after)):
            try set("filters", in: configuration, from: before.filters, to: after.filters)
            try set("groups", in: configuration, from: before.groups, to: after.groups)
        case (.transposedConvolution2D(let before), .transposedConvolution2D(let after)):
            try set("filters", in: configuration, from: before.filters, to: after.filters)
        case (.groupNormalization(let before), .groupNormalization(let after)):
            try set("groups", in: configuration, from: before.groups, to: after.groups)
        case (.channelScale, .channelScale):
            try set(
                "projection_dim",
                in: configuration,
                from: old.weights[0].count,
                to: new.weights[0].count
            )
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
            guard old.kind == new.kind else {
                throw mismatch(configuration.name, "the settings of \(old.kind)", "\(new.kind)")
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
    private mutating func addBuildShapes(_ value: JSONValue, inputs: [AssembledValue]) {
        let shapes = Self.shapes(in: value)
        for (index, shape) in shapes.enumerated() {
            addShape(shape, of: index < inputs.count ? inputs[index] : inputs[0])
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

    /// Replaces the lengths, batch first, that surgery changed in an output and that are written as they were.
    private mutating func addShape(_ written: JSONValue, of value: AssembledValue) {
        let before = value.kerasShape(in: old)
        let after = value.kerasShape(in: new)
        guard before != after, let lengths = written.elements, lengths.count == before.count + 1
        else { return }
        for axis in before.indices where before[axis] != after[axis] {
            let length = lengths[axis + 1]
            guard length.integer == before[axis] else { continue }
            edits.append(.init(range: length.range, text: "\(after[axis])"))
        }
    }
}
