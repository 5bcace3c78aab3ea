import Graph

extension CouplingAnalysis {
    /// All units of every group.
    var wholeUnits: KeptUnits { groups.map { Array(0..<$0.width) } }

    /// All units of every group but one, of which the given ones stay.
    func units(keeping kept: [Int], ofGroup group: Int) -> KeptUnits {
        var units = wholeUnits
        units[group] = kept
        return units
    }
}

extension Network {
    /// The network with only some units of each group, as ``keeping(_:of:)``.
    ///
    /// - Throws: ``CompressionError/surgery(_:)`` where what stays does not fit together.
    func cut(
        to kept: KeptUnits,
        of analysis: CouplingAnalysis
    ) throws(CompressionError) -> Network {
        do {
            return try keeping(kept, of: analysis)
        } catch {
            throw .surgery(error)
        }
    }
}
