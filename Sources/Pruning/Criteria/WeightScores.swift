import Graph
import Tensors

/// What the units of one group are worth by the weights alone.
///
/// Where several layers make the channels (the Add of a residual stage), each layer's filters are scored by themselves
/// and the scores are added up.
public struct WeightScores: Sendable, Hashable {
    /// One score per unit; the smallest goes first.
    public let scores: [Double]
    /// What was used in place of the criterion, if it says nothing about this group.
    public let note: String?

    /// Scores a group's units.
    public init(_ criterion: WeightCriterion, of group: CoupledGroup, in network: Network) {
        var note: String?
        switch criterion {
        case .magnitude: scores = Self.magnitudes(group, network)
        case .length:
            scores = Self.sums(group, network) { filter in
                filter.reduce(0) { $0 + $1 * $1 }.squareRoot()
            }
        case .batchNormScale:
            if let scales = Self.scales(group, network) {
                scores = scales
            } else {
                scores = Self.magnitudes(group, network)
                note = "no BatchNorm with a gamma is on its channels: by l1"
            }
        case .geometricMedian: scores = Self.distances(group, network)
        }
        self.note = note
    }

    /// The order of the scores.
    public var choice: RankedUnits { RankedUnits(scores: scores) }

    private static func magnitudes(_ group: CoupledGroup, _ network: Network) -> [Double] {
        sums(group, network) { filter in filter.reduce(0) { $0 + abs($1) } }
    }

    /// For each unit, a measure of each filter that makes it, summed over the layers.
    private static func sums(
        _ group: CoupledGroup,
        _ network: Network,
        _ measure: ([Double]) -> Double
    ) -> [Double] {
        var sums = [Double](repeating: 0, count: group.width)
        for slice in group.slices {
            for (unit, filter) in filters(slice, network).enumerated() {
                sums[unit] += measure(filter)
            }
        }
        return sums
    }

    /// For each unit, its own part of a layer's kernel; nothing for what is no kernel that makes the channels.
    private static func filters(_ slice: WeightSlice, _ network: Network) -> [[Double]] {
        let weight = network.layers[slice.place.layer].weights[slice.place.weight]
        guard slice.role == .producer, weight.shape.rank > 1 else { return [] }
        return slice.positions.map {
            weight.selecting($0, axis: slice.place.axis).values.map(Double.init)
        }
    }

    /// For each unit, the magnitudes of all gammas on its channels; nil where there is none.
    private static func scales(_ group: CoupledGroup, _ network: Network) -> [Double]? {
        var scales: [Double]?
        for slice in group.slices {
            let layer = network.layers[slice.place.layer]
            guard case .batchNormalization(let kind) = layer.kind,
                kind.gammaIndex == slice.place.weight
            else { continue }
            let gamma = layer.weights[slice.place.weight]
            var sums = scales ?? [Double](repeating: 0, count: group.width)
            for (unit, positions) in slice.positions.enumerated() {
                sums[unit] += positions.reduce(0) { $0 + Double(abs(gamma[$1])) }
            }
            scales = sums
        }
        return scales
    }

    private static func distances(_ group: CoupledGroup, _ network: Network) -> [Double] {
        var sums = [Double](repeating: 0, count: group.width)
        for slice in group.slices {
            let filters = filters(slice, network)
            let results = ResultsInOrder<Double>(count: filters.count)
            ThreadPool.shared.forEach(filters.count) { unit in
                results.store(
                    unit,
                    filters.reduce(0) { $0 + distance(filters[unit], $1) }
                )
            }
            for unit in filters.indices { sums[unit] += results.load(unit) ?? 0 }
        }
        return sums
    }

    private static func distance(_ left: [Double], _ right: [Double]) -> Double {
        left.withUnsafeBufferPointer { left in
            right.withUnsafeBufferPointer { right in
                var sum = 0.0
                for index in left.indices {
                    let difference = left[index] - right[index]
                    sum += difference * difference
                }
                return sum.squareRoot()
            }
        }
    }
}
