/// Where one weight axis is cut when units of a group go.
public struct WeightSlice: Hashable, Sendable {
    /// The axis that is cut.
    public var place: WeightAxis
    /// What the axis has to do with the channels.
    public var role: SliceRole
    /// For each unit of the group, the positions on the axis that go with it; equally many for every unit.
    public var positions: [[Int]]
}

/// Channels of several layers that can only be removed together, unit by unit.
///
/// Unit j is one slot class: removing it deletes `slices[...].positions[j]` of every slice.
public struct CoupledGroup: Hashable, Sendable {
    /// The name of the first layer that makes the channels.
    public var name: String
    /// The number of units that can be removed one by one.
    public var width: Int
    /// Every weight axis that is cut, in order of layers.
    public var slices: [WeightSlice]

    /// The layers that make the channels.
    public var producers: [Int] { layers(of: .producer) }
    /// The layers that read the channels.
    public var consumers: [Int] { layers(of: .consumer) }

    /// The slices on input axes, one per consumer weight.
    public var consumerSlices: [WeightSlice] { slices.filter { $0.role == .consumer } }

    private func layers(of role: SliceRole) -> [Int] {
        var seen: [Int] = []
        for slice in slices where slice.role == role && seen.last != slice.place.layer {
            if !seen.contains(slice.place.layer) { seen.append(slice.place.layer) }
        }
        return seen
    }
}

/// A layer that makes channels none of which can be removed, and why.
public struct FrozenLayer: Hashable, Sendable {
    /// The position of the layer.
    public var layer: Int
    /// Why.
    public var reason: FrozenReason
}
