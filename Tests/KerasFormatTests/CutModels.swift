import Graph
import Tensors

/// A network cut by a fixed rule, for tests of writing.
struct CutModel {
    /// With about a third of the units of every group removed.
    let cut: Network
    /// Of full width, but nothing reads the units that were removed: it computes what the cut one does.
    let silenced: Network

    init(_ network: Network) throws {
        let analysis = CouplingAnalysis(network)
        let kept = analysis.groups.map { group in
            (0..<group.width).filter { group.width < 3 || $0 % 3 != 1 }
        }
        cut = try network.keeping(kept, of: analysis)
        var silenced = network
        for (group, staying) in zip(analysis.groups, kept) {
            let stays = Set(staying)
            for slice in group.consumerSlices {
                let gone = Set(
                    (0..<group.width).filter { !stays.contains($0) }
                        .flatMap { slice.positions[$0] }
                )
                silenced.updateWeight(layer: slice.place.layer, index: slice.place.weight) {
                    $0.silence(gone, axis: slice.place.axis)
                }
            }
        }
        self.silenced = silenced
    }
}

extension Tensor {
    fileprivate mutating func silence(_ positions: Set<Int>, axis: Int) {
        let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
        for element in 0..<count where positions.contains(element / inner % shape[axis]) {
            self[element] = 0
        }
    }
}
