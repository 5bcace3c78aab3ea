import Graph
import HDF5
import Tensors

/// Builds the network of a configuration: lowers every layer, loads its weights and joins the calls.
struct NetworkAssembly {
    private let model: ModelConfiguration
    private let order: CallOrder
    private let weightFile: WeightFile
    private let inputShape: Shape?
    /// How many more elements may be read: a small compressed file cannot ask for all memory.
    private var remainingElements: Int

    private var layers: [Layer] = []
    private var names: Set<String> = []
    private var nodes: [Node] = []
    private var lowered: [Int: LoweredLayer] = [:]
    private var firstStage: [Int: Int] = [:]
    private var inputRanks: [Int: [Int]] = [:]
    private var outputNodes: [LayerCallIndex: Int] = [:]
    private var ranks: [LayerCallIndex: Int] = [:]
    private var paths: [Int: [String]] = [:]

    init(
        _ model: ModelConfiguration,
        weightFile: WeightFile,
        fileBytes: Int,
        inputShape: Shape?
    ) throws(KerasError) {
        self.model = model
        self.weightFile = weightFile
        self.inputShape = inputShape
        order = try CallOrder(model.layers)
        let (scaled, overflow) = fileBytes.multipliedReportingOverflow(by: 16)
        remainingElements = min(1 << 29, max(1 << 20, overflow ? .max : scaled))
        for layer in model.layers { names.insert(layer.name) }
    }

    /// The network, and for each Keras layer in the file's order what became of it.
    mutating func assemble() throws(KerasError) -> (Network, [KerasLayer]) {
        for call in order.order { try add(call) }
        let inputs = try endpoints(model.inputs)
        let outputs = try endpoints(model.outputs)
        for (index, layer) in model.layers.enumerated() where layer.isInput {
            let node = outputNodes[LayerCallIndex(layer: index, call: 0)]
            guard let node, inputs.contains(node) else {
                throw .missingLayer(layer: model.name, reference: "input \(layer.name)")
            }
        }
        for node in inputs where !nodes[node].inputs.isEmpty {
            throw layerFault(node, "An input of the model must be an InputLayer.")
        }
        let network: Network
        do {
            network = try Network(
                name: model.name,
                layers: layers,
                nodes: nodes,
                inputs: inputs,
                outputs: outputs
            )
        } catch {
            throw .graph(error)
        }
        return (network, model.layers.indices.map(kerasLayer))
    }

    private func layerFault(_ node: Int, _ hint: String) -> KerasError {
        .unsupportedSetting(
            layer: layers[nodes[node].layer].name,
            className: model.className,
            setting: "input_layers",
            found: "another layer",
            hint: hint
        )
    }

    private func endpoints(_ references: [TensorReference]) throws(KerasError) -> [Int] {
        var found: [Int] = []
        for reference in references {
            let call = try order.resolve(reference, from: model.name)
            if let node = outputNodes[call] { found.append(node) }
        }
        return found
    }

    private mutating func add(_ call: LayerCallIndex) throws(KerasError) {
        let sources = order.inputs[call] ?? []
        let sourceRanks = sources.map { ranks[$0] ?? 0 }
        let configured = model.layers[call.layer]
        if lowered[call.layer] == nil {
            lowered[call.layer] = try configured.configuration.lowered(
                inputRanks: sourceRanks,
                inputShape: inputShape
            )
            inputRanks[call.layer] = sourceRanks
            try addLayers(of: call.layer)
        }
        guard inputRanks[call.layer] == sourceRanks, let stages = lowered[call.layer] else {
            throw configured.configuration.unsupported(
                "inbound_nodes",
                found: "calls on inputs of different rank",
                hint: "Use one layer per rank."
            )
        }
        var inputs = sources.compactMap { outputNodes[$0] }
        for stage in stages.stages.indices {
            nodes.append(Node(layer: firstStage[call.layer, default: 0] + stage, inputs: inputs))
            inputs = [nodes.count - 1]
        }
        outputNodes[call] = nodes.count - 1
        ranks[call] = stages.outputRank(sourceRanks)
    }

    private mutating func addLayers(of index: Int) throws(KerasError) {
        guard let lowered = lowered[index] else { return }
        let configuration = model.layers[index].configuration
        let stored = try loadWeights(of: index, expected: lowered.storedWeightCount)
        let isTrainable = try configuration.flag("trainable", default: true)
        firstStage[index] = layers.count
        for stage in lowered.stages {
            var weights: [Tensor] = []
            for source in stage.weights {
                switch source {
                case .stored(let position): weights.append(stored[position])
                case .given(let tensor): weights.append(tensor)
                }
            }
            layers.append(
                Layer(
                    name: uniqueName(configuration.name, stage.suffix),
                    kind: stage.kind,
                    weights: weights,
                    isTrainable: isTrainable
                )
            )
        }
    }

    private mutating func uniqueName(_ name: String, _ suffix: String?) -> String {
        guard let suffix else { return name }
        var candidate = "\(name)/\(suffix)"
        var number = 2
        while !names.insert(candidate).inserted {
            candidate = "\(name)/\(suffix)~\(number)"
            number += 1
        }
        return candidate
    }

    /// The stored weights of a layer; a layer that needs none may have some, which stay in the file.
    private mutating func loadWeights(
        of index: Int,
        expected: Int
    ) throws(KerasError) -> [Tensor] {
        let configuration = model.layers[index].configuration
        let found = try weightFile.paths(ofLayer: configuration.name)
        guard expected > 0 else { return [] }
        guard found.count == expected else {
            throw .weightCount(
                layer: configuration.name,
                className: configuration.className,
                expected: expected,
                found: found.count
            )
        }
        paths[index] = found
        var tensors: [Tensor] = []
        for path in found {
            let limit = remainingElements
            let tensor = try KerasError.hdf5 { () throws(HDF5Error) in
                let dataset = try weightFile.group.dataset(path)
                let shape = Shape(dataset.shape.isEmpty ? [1] : dataset.shape)
                return Tensor(shape, values: try dataset.readFloats(limit: limit))
            }
            remainingElements -= tensor.count
            tensors.append(tensor)
        }
        return tensors
    }

    private func kerasLayer(_ index: Int) -> KerasLayer {
        let configured = model.layers[index]
        let first = firstStage[index, default: 0]
        let stages = lowered[index]?.stages ?? []
        let paths = paths[index] ?? []
        var destinations = [KerasLayer.Destination?](repeating: nil, count: paths.count)
        for (stage, value) in stages.enumerated() {
            for (weight, source) in value.weights.enumerated() {
                guard case .stored(let position) = source else { continue }
                destinations[position] = KerasLayer.Destination(
                    layer: first + stage,
                    weight: weight
                )
            }
        }
        let calls = configured.calls.indices.map { call in
            let sources = order.inputs[LayerCallIndex(layer: index, call: call)] ?? []
            return KerasLayer.Call(
                inputs: sources.compactMap { outputNodes[$0] },
                references: configured.calls[call]
            )
        }
        return KerasLayer(
            name: configured.name,
            className: configured.configuration.className,
            networkLayers: stages.indices.map { first + $0 },
            isInFile: !configured.configuration.config.range.isEmpty,
            weightPaths: paths,
            configuration: configured.configuration,
            calls: calls,
            destinations: destinations
        )
    }
}
