/// One call of one layer, by position.
struct LayerCallIndex: Hashable, Sendable {
    var layer: Int
    var call: Int
}

/// The calls of all layers, each behind the ones it reads from, and otherwise in the order of the file.
struct CallOrder {
    /// The calls in order.
    private(set) var order: [LayerCallIndex] = []
    /// What each call reads, in the order of its inputs.
    private(set) var inputs: [LayerCallIndex: [LayerCallIndex]] = [:]

    private let layers: [ConfiguredLayer]
    private let positions: [String: Int]

    /// Resolves every reference and sorts.
    ///
    /// - Throws: ``KerasError/missingLayer(layer:reference:)`` or ``KerasError/cycle(layer:)``.
    init(_ layers: [ConfiguredLayer]) throws(KerasError) {
        self.layers = layers
        var positions: [String: Int] = [:]
        for (index, layer) in layers.enumerated() { positions[layer.name] = index }
        self.positions = positions
        for (index, layer) in layers.enumerated() {
            for (call, references) in layer.calls.enumerated() {
                var resolved: [LayerCallIndex] = []
                for reference in references {
                    resolved.append(try resolve(reference, from: layer.name))
                }
                inputs[LayerCallIndex(layer: index, call: call)] = resolved
            }
        }
        try sort()
    }

    /// The call a reference means.
    func resolve(
        _ reference: TensorReference,
        from layer: String
    ) throws(KerasError) -> LayerCallIndex {
        guard let index = positions[reference.layer],
            layers[index].calls.indices.contains(reference.call)
        else {
            throw .missingLayer(
                layer: layer,
                reference: "\(reference.layer), call \(reference.call)"
            )
        }
        guard reference.output == 0 else {
            throw layers[index].configuration.unsupported(
                "outputs",
                found: "output \(reference.output) is read by \(layer)",
                hint: "Only layers with one output are executed."
            )
        }
        return LayerCallIndex(layer: index, call: reference.call)
    }

    /// Depth first with a stack of its own, so that a long chain cannot exhaust the thread's.
    private mutating func sort() throws(KerasError) {
        var entered: Set<LayerCallIndex> = []
        var finished: Set<LayerCallIndex> = []
        for (index, layer) in layers.enumerated() {
            for call in layer.calls.indices {
                var stack = [(call: LayerCallIndex(layer: index, call: call), next: 0)]
                while let top = stack.last {
                    let place = stack.count - 1
                    if finished.contains(top.call) {
                        stack.removeLast()
                        continue
                    }
                    entered.insert(top.call)
                    let waiting = inputs[top.call] ?? []
                    if top.next < waiting.count {
                        stack[place].next += 1
                        let input = waiting[top.next]
                        if finished.contains(input) { continue }
                        guard !entered.contains(input) else {
                            throw .cycle(layer: layers[input.layer].name)
                        }
                        stack.append((input, 0))
                    } else {
                        finished.insert(top.call)
                        order.append(top.call)
                        stack.removeLast()
                    }
                }
            }
        }
    }
}
