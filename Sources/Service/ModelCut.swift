import Durability
import Graph
import JobFiles
import KerasFormat
import Tensors

/// A smaller model made without data: every group loses the same share of its units, those of the smallest weights.
///
/// No training follows, so this shows what a model's structure allows, not what quality it keeps.
///
/// Source: Li et al. 2017, "Pruning Filters for Efficient ConvNets", arXiv:1608.08710, for the norm.
public struct ModelCut: Codable, Sendable {
    /// The number of coupled groups.
    public var groups: Int
    /// What one sample costs before.
    public var before: Cost
    /// What one sample costs after.
    public var after: Cost

    /// Cuts a model to at most a share of its macs and writes it; a share of 1 or more writes it unchanged.
    ///
    /// - Throws: ``JobFailure`` where the model cannot be read or the file not be written.
    public static func run(
        model path: String,
        macs share: Double,
        out: String
    ) throws(JobFailure) -> ModelCut {
        let model = try ModelDescription.model(path: path)
        let analysis = CouplingAnalysis(model.network)
        let kept = units(of: analysis, in: model.network, macs: share)
        let network: Network
        do {
            network = try model.network.keeping(kept, of: analysis)
        } catch {
            throw JobFailure(.graph(error), file: PathParts(path).name)
        }
        let image: [UInt8]
        do {
            image = try model.image(replacing: network)
        } catch {
            throw JobFailure(error, file: PathParts(path).name)
        }
        do {
            try publish(image, to: out, on: RealFileSystem())
        } catch {
            throw JobFailure(error)
        }
        return ModelCut(
            groups: analysis.groups.count,
            before: model.network.cost,
            after: network.cost
        )
    }

    /// The cut in words.
    public var line: String {
        "\(groups) groups, \(before.macs) macs before, \(after.macs) after"
    }

    /// The cut as JSON.
    public var json: String { String(decoding: JSONText.bytes(of: self), as: UTF8.self) }

    /// The units that stay: the widest uniform share whose cost fits, found by halving.
    private static func units(
        of analysis: CouplingAnalysis,
        in network: Network,
        macs share: Double
    ) -> KeptUnits {
        guard share < 1 else { return analysis.groups.map { Array(0..<$0.width) } }
        let costs = CostModel(network, groups: analysis.groups)
        let limit = Double(network.cost.macs) * share
        func widths(_ part: Double) -> [Int] {
            analysis.groups.map { max(1, Int((Double($0.width) * part).rounded(.down))) }
        }
        var (low, high) = (0.0, 1.0)
        for _ in 0..<30 {
            let middle = (low + high) / 2
            let fits = Double(costs.cost(keeping: widths(middle)).macs) <= limit
            if fits { low = middle } else { high = middle }
        }
        return zip(analysis.groups, widths(low)).map { group, width in
            let norms = norms(of: group, in: network)
            let ranked = norms.indices.sorted { (norms[$1], $0) < (norms[$0], $1) }
            return ranked.prefix(width).sorted()
        }
    }

    /// For each unit the sum of absolute weights on the axes that make it.
    private static func norms(of group: CoupledGroup, in network: Network) -> [Double] {
        var norms = [Double](repeating: 0, count: group.width)
        for slice in group.slices where slice.role == .producer {
            let weight = network.layers[slice.place.layer].weights[slice.place.weight]
            let inner = weight.shape.dimensions[(slice.place.axis + 1)...].reduce(1, *)
            let length = weight.shape[slice.place.axis]
            var sums = [Double](repeating: 0, count: length)
            for (position, value) in weight.values.enumerated() {
                sums[position / inner % length] += Double(abs(value))
            }
            for (unit, positions) in slice.positions.enumerated() {
                for position in positions { norms[unit] += sums[position] }
            }
        }
        return norms
    }
}
