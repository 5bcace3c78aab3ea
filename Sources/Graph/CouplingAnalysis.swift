/// Which unit of which group a channel belongs to.
public struct UnitReference: Hashable, Sendable {
    /// The position of the group in ``CouplingAnalysis/groups``.
    public var group: Int
    /// The unit within the group.
    public var unit: Int
}

/// The coupled groups of a network, and what is frozen.
///
/// Source: Fang et al. 2023, "DepGraph: Towards Any Structural Pruning", arXiv:2301.12900, for the notion of a group.
///   Differs: a union-find over single channels instead of a search over layers, so concatenation, grouped
///   convolution and partial overlaps need no special case.
public struct CouplingAnalysis: Sendable {
    /// The groups, in the order of the layers that make them.
    public let groups: [CoupledGroup]
    /// The layers that make channels of which none can go.
    public let frozen: [FrozenLayer]
    /// For each node, for each output channel, the unit it belongs to, or nil where it stays.
    public let owners: [[UnitReference?]]

    /// Follows every channel of the network.
    public init(_ network: Network) {
        var coupling = ChannelCoupling()
        let slots = Self.followChannels(of: network, in: &coupling)
        let classes = SlotClasses(&coupling)
        groups = classes.groups(in: network)
        var ownerOfClass: [Slot: UnitReference] = [:]
        for (group, members) in classes.members.enumerated() {
            for (unit, slot) in members.enumerated() {
                ownerOfClass[slot] = UnitReference(group: group, unit: unit)
            }
        }
        var owners: [[UnitReference?]] = []
        for channels in slots {
            owners.append(channels.map { ownerOfClass[coupling.representative($0)] })
        }
        self.owners = owners
        frozen = Self.frozenLayers(of: network, coupling: &coupling)
    }

    private static func followChannels(
        of network: Network,
        in coupling: inout ChannelCoupling
    ) -> [[Slot]] {
        var slots: [[Slot]] = []
        for (index, node) in network.nodes.enumerated() {
            coupling.layer = node.layer
            let call = LayerCall(
                inputSlots: node.inputs.map { slots[$0] },
                inputShapes: network.inputShapes(of: index),
                outputShape: network.shapes[index]
            )
            slots.append(network.layers[node.layer].kind.rule.couple(call, in: &coupling))
        }
        for output in network.outputs { coupling.freeze(slots[output], because: .networkOutput) }
        return slots
    }

    private static func frozenLayers(
        of network: Network,
        coupling: inout ChannelCoupling
    ) -> [FrozenLayer] {
        var frozen: [FrozenLayer] = []
        for layer in network.layers.indices {
            let produced = coupling.touches.filter {
                $0.key.layer == layer && $0.value.role == .producer
            }
            guard let axis = produced.keys.min(), let slots = produced[axis]?.slots else {
                continue
            }
            let reasons = slots.map { coupling.reason($0) }
            if let first = reasons.first, let reason = first, !reasons.contains(nil) {
                frozen.append(FrozenLayer(layer: layer, reason: reason))
            }
        }
        return frozen
    }
}

/// The slot classes that can be removed, sorted into groups of equal shape.
private struct SlotClasses {
    /// For each group, the classes that are its units.
    private(set) var members: [[Slot]] = []
    /// For each group, each touched axis with the positions of each unit.
    private var slices: [[WeightSlice]] = []

    /// How one class touches the weights.
    private struct Touch {
        var axes: [WeightAxis] = []
        var positions: [WeightAxis: [Int]] = [:]
        var roles: [WeightAxis: SliceRole] = [:]
    }

    /// Two classes are units of one group when they touch the same axes equally often.
    private struct Signature: Hashable {
        var axes: [WeightAxis]
        var counts: [Int]
    }

    init(_ coupling: inout ChannelCoupling) {
        var touches: [Slot: Touch] = [:]
        var order: [Slot] = []
        for (axis, entry) in coupling.touches.sorted(by: { $0.key < $1.key }) {
            for (position, slot) in entry.slots.enumerated() {
                guard coupling.reason(slot) == nil else { continue }
                let representative = coupling.representative(slot)
                if touches[representative] == nil { order.append(representative) }
                var touch = touches[representative] ?? Touch()
                if touch.positions[axis] == nil { touch.axes.append(axis) }
                touch.positions[axis, default: []].append(position)
                touch.roles[axis] = entry.role
                touches[representative] = touch
            }
        }
        var groupOfSignature: [Signature: Int] = [:]
        for slot in order {
            guard let touch = touches[slot],
                Set(touch.roles.values).isSuperset(of: [.producer, .consumer])
            else { continue }
            let signature = Signature(
                axes: touch.axes,
                counts: touch.axes.map { touch.positions[$0, default: []].count }
            )
            let group = groupOfSignature[signature] ?? members.count
            if group == members.count {
                groupOfSignature[signature] = group
                members.append([])
                slices.append(
                    touch.axes.map {
                        WeightSlice(place: $0, role: touch.roles[$0] ?? .carrier, positions: [])
                    }
                )
            }
            members[group].append(slot)
            for (index, axis) in touch.axes.enumerated() {
                slices[group][index].positions.append(touch.positions[axis, default: []])
            }
        }
    }

    func groups(in network: Network) -> [CoupledGroup] {
        var names: Set<String> = []
        return members.indices.map { group in
            let producer = slices[group].first { $0.role == .producer }
            let layer = producer.map { network.layers[$0.place.layer].name } ?? "group"
            var name = layer
            var suffix = 2
            while !names.insert(name).inserted {
                name = "\(layer)~\(suffix)"
                suffix += 1
            }
            return CoupledGroup(
                name: name,
                width: members[group].count,
                slices: slices[group]
            )
        }
    }
}
