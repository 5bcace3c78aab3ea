import Datasets
import Engine
import Graph
import Tensors

/// Cuts one group after another out of the network, each alone, and measures what is left.
///
/// Channels that stay keep their values up to the first layer that sums over the group's channels, so only what lies
/// after that layer is computed anew; what it starts from is carried on from group to group.
struct SensitivityScan {
    /// What a cut of one group changes.
    private struct Reach {
        /// The nodes whose values are other ones after a cut.
        var changed: [Int]
        /// The nodes that those read and that do not change, but for channels that go.
        var frontier: [Int]
    }

    private let context: CompressionContext
    private var calibration: PrefixCache
    private var scanned: PrefixCache

    init(_ context: CompressionContext) {
        self.context = context
        let size = context.plan.batchSize
        calibration = PrefixCache(samples: context.reestimation, batchSize: size)
        scanned = PrefixCache(samples: context.scanned.samples, batchSize: size)
    }

    /// The groups in the order in which the values of one can start from those of the one before.
    static func order(of groups: [Int], context: CompressionContext) -> [Int] {
        groups.sorted { left, right in
            let first = reach(of: left, context).changed.first ?? .max
            let second = reach(of: right, context).changed.first ?? .max
            return (first, left) < (second, right)
        }
    }

    /// A consumer of the group changes, and whatever reads a value that changed.
    private static func reach(of group: Int, _ context: CompressionContext) -> Reach {
        let network = context.teacher
        let consumers = Set(context.analysis.groups[group].consumers)
        var isChanged = [Bool](repeating: false, count: network.nodes.count)
        for (index, node) in network.nodes.enumerated() {
            isChanged[index] =
                consumers.contains(node.layer) || node.inputs.contains { isChanged[$0] }
        }
        let changed = isChanged.indices.filter { isChanged[$0] }
        let read = Set(changed.flatMap { network.nodes[$0].inputs })
        return Reach(
            changed: changed,
            frontier: read.filter { !isChanged[$0] }.sorted()
        )
    }

    /// The quality of the network with the given units of one group kept, after BatchNorm re-estimation.
    ///
    /// - Parameters:
    ///   - group: The group that is cut.
    ///   - kept: Its units that stay.
    ///   - before: The group that was measured before this one, if any.
    ///   - isFirst: Whether this is the group's first point.
    /// - Returns: The quality, and what it cost to measure.
    /// - Throws: ``CompressionError`` where the cut network does not fit together.
    mutating func point(
        ofGroup group: Int,
        keeping kept: [Int],
        after before: Int?,
        isFirst: Bool
    ) throws(CompressionError) -> (quality: Quality, work: ScanWork) {
        let reach = Self.reach(of: group, context)
        let units = context.analysis.units(keeping: kept, ofGroup: group)
        var network = try context.teacher.cut(to: units, of: context.analysis)
        let channels = reach.frontier.map { keptChannels(of: $0, units) }
        let teacher = context.teacher
        func cut(_ values: [Int: Tensor]) -> [Int: Tensor] {
            var values = values
            for (node, staying) in zip(reach.frontier, channels) {
                values[node] = values[node]?.keepingChannels(staying)
            }
            return values
        }
        let frontier = reach.frontier
        var (first, second) = (calibration, scanned)
        network.reestimateBatchNorm(over: first.batches.count) { batch in
            let values = first.values(of: [], keeping: frontier, batch: batch, in: teacher)
            return ([], cut(values))
        }
        let quality = context.scanned.quality(of: network) { batch in
            cut(second.values(of: [], keeping: frontier, batch: batch, in: teacher))
        }
        (calibration, scanned) = (first, second)
        return (quality, work(reach, network, after: before, isFirst: isFirst))
    }

    /// What one point costs with values carried on, and what it would cost without.
    private func work(
        _ reach: Reach,
        _ network: Network,
        after before: Int?,
        isFirst: Bool
    ) -> ScanWork {
        let teacher = context.teacher
        let earlier = before.map { Self.reach(of: $0, context).frontier } ?? []
        let isHeld = scanned.canHold(reach.frontier, of: teacher)
        let start = isHeld && scanned.canHold(earlier, of: teacher) ? Set(earlier) : []
        let prefix =
            isFirst || !isHeld ? Inference(teacher).calls(for: reach.frontier, known: start) : []
        let samples = context.reestimation.count + scanned.samples.count
        let (whole, cut) = (teacher.macsOfNodes, network.macsOfNodes)
        var work = ScanWork()
        work.macs =
            samples
            * (prefix.reduce(0) { $0 + whole[$1] } + reach.changed.reduce(0) { $0 + cut[$1] })
        work.layers = samples * (prefix.count + reach.changed.count)
        work.naiveMacs = samples * whole.reduce(0, +)
        work.naiveLayers = samples * teacher.nodes.count
        return work
    }

    /// The channels of a node that stay, or nil where all do.
    private func keptChannels(of node: Int, _ units: KeptUnits) -> [Int]? {
        let channels = context.analysis.channels(of: node, keeping: units)
        return channels.count == context.teacher.shapes[node].channels ? nil : channels
    }
}

/// What a sensitivity scan has computed, and what one that runs the whole network for every point would have.
public struct ScanWork: Codable, Sendable, Hashable {
    /// Multiply-accumulates.
    public internal(set) var macs = 0
    /// Executions of a layer for one sample.
    public internal(set) var layers = 0
    /// Multiply-accumulates without values carried on.
    public internal(set) var naiveMacs = 0
    /// Executions of a layer without values carried on.
    public internal(set) var naiveLayers = 0

    /// Whether nothing was scanned.
    public var isEmpty: Bool { naiveLayers == 0 }

    static func += (total: inout ScanWork, own: ScanWork) {
        total.macs += own.macs
        total.layers += own.layers
        total.naiveMacs += own.naiveMacs
        total.naiveLayers += own.naiveLayers
    }
}

extension CouplingAnalysis {
    /// The channels of a node's output that stay.
    func channels(of node: Int, keeping kept: KeptUnits) -> [Int] {
        let stays = kept.map(Set.init)
        return owners[node].indices.filter { channel in
            owners[node][channel].map { stays[$0.group].contains($0.unit) } ?? true
        }
    }
}

extension Tensor {
    /// The given channels of the last axis; all of them where the list is nil.
    func keepingChannels(_ channels: [Int]?) -> Tensor {
        guard let channels else { return self }
        let width = shape.channels
        let rows = count / max(width, 1)
        var dimensions = shape.dimensions
        dimensions[dimensions.count - 1] = channels.count
        return Tensor(
            Shape(dimensions),
            unsafeUninitialized: { result in
                withUnsafePointer { source in
                    for row in 0..<rows {
                        for (index, channel) in channels.enumerated() {
                            result[row * channels.count + index] = source[row * width + channel]
                        }
                    }
                }
            }
        )
    }
}
