import Graph
import HDF5
import Tensors

/// Builds the network of a configuration: lowers every layer, loads its weights and joins the calls.
struct NetworkAssembly {
    /// A layer of the network before its weights are read.
    private enum Planned {
        /// One stage of a Keras layer.
        case stage(layer: Int, stage: Int)
        /// A change between channels first and last that no Keras layer asks for by name.
        case permutation(name: String, Permute)
    }

    private let model: ModelConfiguration
    private let order: CallOrder
    private let weightStore: WeightStore
    private let inputShape: Shape?
    /// How many more elements may be read: a small compressed file cannot ask for all memory.
    private var remainingElements: Int

    private var planned: [Planned] = []
    private var names: Set<String> = []
    private var nodes: [Node] = []
    private var lowered: [Int: LoweredLayer] = [:]
    private var firstStage: [Int: Int] = [:]
    /// What the first call of each layer read: later calls must be alike.
    private var callSignatures: [Int: CallSignature] = [:]
    private var values: [LayerCallIndex: AssembledValue] = [:]
    /// For a node, the one with the same values in the other layout.
    private var otherLayout: [Int: Int] = [:]
    private var paths: [Int: [String]] = [:]

    private struct CallSignature: Hashable {
        var ranks: [Int]
        var readsChannelsFirst: Bool
    }

    init(
        _ model: ModelConfiguration,
        weightStore: WeightStore,
        fileBytes: Int,
        inputShape: Shape?
    ) throws(KerasError) {
        self.model = model
        self.weightStore = weightStore
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
        for (index, layer) in model.layers.enumerated() where layer.role == .entry {
            let value = values[LayerCallIndex(layer: index, call: 0)]
            guard let value, inputs.contains(value.node) else {
                throw .missingLayer(layer: model.name, reference: "input \(layer.name)")
            }
        }
        let layers = try loadedLayers()
        for node in inputs where !nodes[node].inputs.isEmpty {
            throw layerFault(layers[nodes[node].layer].name)
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

    private func layerFault(_ layer: String) -> KerasError {
        .unsupportedSetting(
            layer: layer,
            className: model.className,
            setting: "input_layers",
            found: "another layer",
            hint: "An input of the model must be an InputLayer."
        )
    }

    private mutating func endpoints(_ references: [TensorReference]) throws(KerasError) -> [Int] {
        var found: [Int] = []
        for reference in references {
            let call = try order.resolve(reference, from: model.name)
            guard let value = values[call] else {
                throw .missingLayer(layer: model.name, reference: reference.layer)
            }
            found.append(node(of: value, channelsFirst: false))
        }
        return found
    }

    /// The node that holds a value in the wanted layout; a permutation is added where there is none yet.
    ///
    /// - Parameters:
    ///   - value: The value.
    ///   - channelsFirst: Whether the reader calls it channels-first, so that the network wants channels last.
    /// - Returns: The node, which may be new.
    private mutating func node(of value: AssembledValue, channelsFirst: Bool) -> Int {
        guard value.isChannelsFirst != channelsFirst, value.rank >= 2 else { return value.node }
        if let other = otherLayout[value.node] { return other }
        let axes = Array(0..<value.rank)
        let order = channelsFirst ? Array(1..<value.rank) + [0] : [value.rank - 1] + axes.dropLast()
        let name = uniqueName(
            plannedName(nodes[value.node].layer),
            channelsFirst ? "channels_last" : "channels_first"
        )
        planned.append(.permutation(name: name, Permute(order: order)))
        nodes.append(Node(layer: planned.count - 1, inputs: [value.node]))
        otherLayout[value.node] = nodes.count - 1
        otherLayout[nodes.count - 1] = value.node
        return nodes.count - 1
    }

    private func plannedName(_ index: Int) -> String {
        switch planned[index] {
        case .stage(let layer, _): model.layers[layer].name
        case .permutation(let name, _): name
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

    private mutating func add(_ call: LayerCallIndex) throws(KerasError) {
        let configured = model.layers[call.layer]
        guard configured.role != .model else { return }
        let sources = (order.inputs[call] ?? []).compactMap { values[$0] }
        guard sources.count == order.inputs[call]?.count,
            configured.role == .entry || !sources.isEmpty
        else {
            throw .missingLayer(layer: configured.name, reference: "the inputs of its call")
        }
        if configured.role == .nestedEntry {
            lowered[call.layer] = LoweredLayer([])
            values[call] = sources[0]
            return
        }
        var configuration = configured.configuration
        configuration.readsChannelsFirst = try configuration.readsChannelsFirst(sources)
        let signature = CallSignature(
            ranks: sources.map(\.rank),
            readsChannelsFirst: configuration.readsChannelsFirst
        )
        let stages: LoweredLayer
        if let known = lowered[call.layer] {
            stages = known
        } else {
            stages = try lowering(configuration, of: call.layer, signature)
        }
        guard callSignatures[call.layer] == signature else {
            throw configuration.unsupported(
                "inbound_nodes",
                found: "calls on inputs of different rank or layout",
                hint: "Use one layer per rank."
            )
        }
        let inputs = sources.map { node(of: $0, channelsFirst: signature.readsChannelsFirst) }
        let start = nodes.count
        for (index, stage) in stages.stages.enumerated() {
            let read =
                stage.reads?.map { source in
                    switch source {
                    case .input(let position): inputs[position]
                    case .stage(let earlier): start + earlier
                    }
                } ?? (index == 0 ? inputs : [nodes.count - 1])
            nodes.append(Node(layer: firstStage[call.layer, default: 0] + index, inputs: read))
        }
        let rank = stages.outputRank(signature.ranks)
        values[call] = AssembledValue(
            node: stages.stages.isEmpty ? inputs[0] : nodes.count - 1,
            rank: rank,
            isChannelsFirst: signature.readsChannelsFirst && rank >= 2
        )
    }

    private mutating func lowering(
        _ configuration: LayerConfiguration,
        of layer: Int,
        _ signature: CallSignature
    ) throws(KerasError) -> LoweredLayer {
        let stages = try configuration.lowered(
            inputRanks: signature.ranks,
            inputShape: inputShape
        )
        if signature.readsChannelsFirst, stages.outputRank(signature.ranks) >= 2,
            stages.stages.contains(where: \.kind.isOverChannels)
        {
            throw configuration.unsupported(
                "activation",
                found: "a function over the last axis of channels-first images",
                hint: "Apply it behind the layers over images."
            )
        }
        lowered[layer] = stages
        callSignatures[layer] = signature
        firstStage[layer] = planned.count
        for stage in stages.stages.indices {
            planned.append(.stage(layer: layer, stage: stage))
        }
        return stages
    }

    /// The layers of the network with their weights.
    private mutating func loadedLayers() throws(KerasError) -> [Layer] {
        let lowered = lowered
        paths = try weightStore.paths(of: model) { layer throws(KerasError) in
            lowered[layer]?.storedTrainability ?? []
        }
        var stored: [Int: [Tensor]] = [:]
        var layers: [Layer] = []
        for plan in planned {
            switch plan {
            case .permutation(let name, let permute):
                layers.append(Layer(name: name, kind: .permute(permute)))
            case .stage(let layer, let index):
                guard let stages = lowered[layer]?.stages else { continue }
                if stored[layer] == nil { stored[layer] = try loadWeights(of: layer) }
                let stage = stages[index]
                let configuration = model.layers[layer].configuration
                layers.append(
                    Layer(
                        name: uniqueName(configuration.name, stage.suffix),
                        kind: stage.kind,
                        weights: stage.tensors(from: stored[layer] ?? []),
                        isTrainable: try configuration.flag("trainable", default: true)
                    )
                )
            }
        }
        return layers
    }

    /// The stored weights of a layer; a layer that needs none may have some, which stay in the file.
    private mutating func loadWeights(of index: Int) throws(KerasError) -> [Tensor] {
        let configuration = model.layers[index].configuration
        let expected = lowered[index]?.storedWeightCount ?? 0
        let found = expected > 0 ? paths[index] ?? [] : []
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
                let dataset = try weightStore.group.dataset(path)
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
        let paths = stages.isEmpty ? [] : paths[index] ?? []
        var destinations = [KerasLayer.Destination?](repeating: nil, count: paths.count)
        for (stage, value) in stages.enumerated() {
            for (weight, source) in value.weights.enumerated() {
                guard case .stored(let position) = source else { continue }
                destinations[position] = KerasLayer.Destination(
                    layer: first + stage,
                    weight: weight,
                    hasNoHeight: value.isKernelOfSequence && weight == 0
                )
            }
        }
        let calls = configured.calls.indices.map { call in
            let sources = order.inputs[LayerCallIndex(layer: index, call: call)] ?? []
            return KerasLayer.Call(
                inputs: sources.compactMap { values[$0] },
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

extension LayerStage {
    /// The weights of the network layer, from those the file stores for the Keras layer.
    fileprivate func tensors(from stored: [Tensor]) -> [Tensor] {
        weights.enumerated().map { index, source in
            switch source {
            case .stored(let position):
                isKernelOfSequence && index == 0
                    ? stored[position].reshaped(stored[position].shape.batched(1))
                    : stored[position]
            case .given(let tensor): tensor
            }
        }
    }
}

extension LayerKind {
    /// Whether the layer computes each value from all channels of its pixel.
    fileprivate var isOverChannels: Bool {
        switch self {
        case .activation(let function): function == .softmax
        case .channelFunction: true
        case .input, .convolution2D, .depthwiseConvolution2D, .dense, .batchNormalization,
            .pooling2D, .globalPooling2D, .flatten, .reshape, .dropout, .zeroPadding2D, .merge,
            .concatenate, .rescaling, .normalization, .layerNormalization, .groupNormalization,
            .channelScale, .parametricReLU, .transposedConvolution2D, .upsampling2D, .cropping2D,
            .permute, .heightAxis:
            false
        }
    }
}
