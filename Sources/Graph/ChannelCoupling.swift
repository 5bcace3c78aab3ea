/// One channel of one tensor; slots that must live and die together are unified.
public struct Slot: Hashable, Sendable {
    let identifier: Int
}

/// Why channels cannot be removed.
public enum FrozenReason: String, Hashable, Sendable, Codable, CaseIterable {
    /// They are what the network is given.
    case networkInput
    /// They are what the network answers.
    case networkOutput
    /// A softmax over them would change if one went.
    case normalizedOverChannels
    /// A normalization's statistics are taken over them and would change if one went.
    case statisticsOverChannels
    /// A permutation moves channels to another axis, where they are not followed.
    case permuted
    /// A reshape moves channels into other axes, where they cannot be followed.
    case reshaped
    /// A single channel is broadcast over many.
    case broadcast
    /// The layer's settings hold a fixed number for each of them.
    case fixedPerChannel

    /// The reason in words, to follow "frozen because".
    public var explanation: String {
        switch self {
        case .networkInput: "it is the network's input"
        case .networkOutput: "it is the network's output"
        case .normalizedOverChannels: "a softmax is taken over its channels"
        case .statisticsOverChannels:
            "a normalization takes its statistics over its channels"
        case .permuted: "a Permute moves its channels to another axis"
        case .reshaped: "a Reshape moves its channels into other axes"
        case .broadcast: "its single channel is broadcast over many"
        case .fixedPerChannel: "a later layer's settings hold one number for each of its channels"
        }
    }
}

/// One axis of one weight.
public struct WeightAxis: Hashable, Sendable, Comparable {
    /// The position of the layer in the network.
    public var layer: Int
    /// The position of the weight in the layer.
    public var weight: Int
    /// The axis of the weight.
    public var axis: Int

    /// Orders by layer, then weight, then axis.
    public static func < (left: Self, right: Self) -> Bool {
        (left.layer, left.weight, left.axis) < (right.layer, right.weight, right.axis)
    }
}

/// What a weight axis has to do with its channels.
public enum SliceRole: String, Hashable, Sendable, Codable {
    /// The axis makes the channels.
    case producer
    /// The axis reads the channels and sums over them: a new set of channels starts behind it.
    case consumer
    /// The axis passes each channel on.
    case carrier
}

/// Follows channels through a network: a union-find over slots, and the weight axes each slot touches.
public struct ChannelCoupling: Sendable {
    var layer = 0
    private var parents: [Int] = []
    private var reasons: [Int: FrozenReason] = [:]
    private(set) var touches: [WeightAxis: (role: SliceRole, slots: [Slot])] = [:]

    /// New channels that hang together with nothing yet.
    public mutating func makeSlots(_ count: Int) -> [Slot] {
        let first = parents.count
        parents.append(contentsOf: first..<first + count)
        return (first..<first + count).map(Slot.init)
    }

    /// Says that these slots can only go together.
    public mutating func unify(_ slots: [Slot]) {
        guard let first = slots.first else { return }
        for slot in slots.dropFirst() {
            let (left, right) = (root(first.identifier), root(slot.identifier))
            guard left != right else { continue }
            let (kept, gone) = left < right ? (left, right) : (right, left)
            parents[gone] = kept
            if let reason = reasons.removeValue(forKey: gone), reasons[kept] == nil {
                reasons[kept] = reason
            }
        }
    }

    /// Says that these slots cannot go at all; the first reason given stays.
    public mutating func freeze(_ slots: [Slot], because reason: FrozenReason) {
        for slot in slots {
            let root = root(slot.identifier)
            if reasons[root] == nil { reasons[root] = reason }
        }
    }

    /// Says that the positions of a weight axis of the current layer belong to these slots.
    ///
    /// A second call of a shared layer finds the axis taken and unifies its slots with the first call's.
    public mutating func touch(weight: Int, axis: Int, role: SliceRole, slots: [Slot]) {
        let place = WeightAxis(layer: layer, weight: weight, axis: axis)
        if let earlier = touches[place] {
            for (first, second) in zip(earlier.slots, slots) { unify([first, second]) }
        } else {
            touches[place] = (role, slots)
        }
    }

    /// The slot that stands for all those unified with this one.
    mutating func representative(_ slot: Slot) -> Slot {
        Slot(identifier: root(slot.identifier))
    }

    /// Why a slot is frozen, if it is.
    mutating func reason(_ slot: Slot) -> FrozenReason? {
        reasons[root(slot.identifier)]
    }

    private mutating func root(_ identifier: Int) -> Int {
        var current = identifier
        while parents[current] != current {
            parents[current] = parents[parents[current]]
            current = parents[current]
        }
        return current
    }
}
