import Graph
import HDF5
import Tensors

extension KerasModel {
    /// The bytes of this model's file with another network in it.
    ///
    /// Only what surgery and training changed differs: weights, and the widths and shapes in the configuration. All
    /// else is copied bit by bit, but for the optimizer's state, which no longer fits.
    ///
    /// - Parameter network: A network made from ``network`` by surgery and training.
    /// - Returns: A file `keras.models.load_model` opens.
    /// - Throws: ``KerasError/otherModel(layer:expected:found:)`` where the network is not made from this one.
    public func image(replacing network: Network) throws(KerasError) -> [UInt8] {
        try check(network)
        var edits = ConfigurationEdits(from: self.network, to: network)
        for layer in layers { try edits.add(layer) }
        let text = document.applying(edits.edits)
        let weights = changedWeights(network)
        switch format {
        case .legacyHDF5:
            return try KerasError.hdf5 { () throws(HDF5Error) in
                let source = try HDF5File(image: original).root
                let target = try HDF5File.create()
                try copyRoot(source, to: target.root, configuration: text, weights: weights)
                return try target.image()
            }
        case .archive: return try archiveImage(configuration: text, weights: weights)
        }
    }

    /// The archive with another configuration and other weights; all other entries stay as they are.
    private func archiveImage(
        configuration: String,
        weights: [String: Tensor]
    ) throws(KerasError) -> [UInt8] {
        var archive = try KerasFile.archive(original)
        for index in archive.entries.indices {
            switch archive.entries[index].name {
            case KerasFile.configurationEntry:
                archive.entries[index].bytes = Array(configuration.utf8)
            case KerasFile.weightsEntry:
                let stored = archive.entries[index].bytes
                archive.entries[index].bytes = try KerasError.hdf5 { () throws(HDF5Error) in
                    try weightsImage(stored, replacing: weights)
                }
            default: continue
            }
        }
        do {
            return try archive.image()
        } catch {
            throw .archive(error)
        }
    }

    private func weightsImage(
        _ stored: [UInt8],
        replacing weights: [String: Tensor]
    ) throws(HDF5Error) -> [UInt8] {
        let source = try HDF5File(image: stored).root
        let target = try HDF5File.create()
        try target.root.attributes.copyAll(from: source.attributes)
        for child in try source.childNames() where child != "optimizer" {
            try copy(child, from: source, to: target.root, weights: weights, prefix: child)
        }
        return try target.image()
    }

    private func check(_ other: Network) throws(KerasError) {
        guard other.layers.count == network.layers.count, other.nodes == network.nodes,
            other.inputs == network.inputs, other.outputs == network.outputs
        else {
            throw .otherModel(
                layer: network.name,
                expected: "\(network.layers.count) layers joined the same way",
                found: "\(other.layers.count) layers"
            )
        }
        for (mine, theirs) in zip(network.layers, other.layers)
        where mine.name != theirs.name || mine.weights.count != theirs.weights.count {
            throw .otherModel(
                layer: mine.name,
                expected: "\(mine.weights.count) weights",
                found: "\(theirs.name) with \(theirs.weights.count)"
            )
        }
    }

    /// The weights that differ in any bit from the file's, by their path.
    private func changedWeights(_ other: Network) -> [String: Tensor] {
        var changed: [String: Tensor] = [:]
        for layer in layers {
            for (path, destination) in zip(layer.weightPaths, layer.destinations) {
                guard let destination else { continue }
                let before = network.layers[destination.layer].weights[destination.weight]
                let after = other.layers[destination.layer].weights[destination.weight]
                guard !before.isBitIdentical(to: after) else { continue }
                changed[path] =
                    destination.hasNoHeight ? after.reshaped(after.shape.withoutBatch) : after
            }
        }
        return changed
    }

    private func copyRoot(
        _ source: HDF5Group,
        to target: HDF5Group,
        configuration: String,
        weights: [String: Tensor]
    ) throws(HDF5Error) {
        try target.attributes.copyAll(
            from: source.attributes,
            except: [KerasFile.configurationName]
        )
        if configuration == document.text {
            try target.attributes.copy(KerasFile.configurationName, from: source.attributes)
        } else {
            try target.attributes.set(
                KerasFile.configurationName,
                string: configuration,
                like: source.attributes
            )
        }
        let weightFile = try WeightFile(root: source)
        for child in try source.childNames() where child != "optimizer_weights" {
            if child == weightFile.name {
                try copy(child, from: source, to: target, weights: weights, prefix: nil)
            } else if weightFile.name == nil {
                try copy(child, from: source, to: target, weights: weights, prefix: child)
            } else {
                try target.copy(child, from: source)
            }
        }
    }

    /// Copies one child, and goes into it only where a weight below it has changed.
    private func copy(
        _ child: String,
        from source: HDF5Group,
        to target: HDF5Group,
        weights: [String: Tensor],
        prefix: String?
    ) throws(HDF5Error) {
        if let prefix, let tensor = weights[prefix] {
            let model = try source.dataset(child)
            let shape = model.shape.isEmpty ? [] : tensor.shape.dimensions
            return try target.makeDataset(child, shape: shape, floats: tensor.values, like: model)
        }
        let inside = prefix.map { path in
            weights.filter { $0.key.utf8.starts(with: "\(path)/".utf8) }
        }
        guard !(inside ?? weights).isEmpty, try source.kind(of: child) == .group else {
            return try target.copy(child, from: source)
        }
        let from = try source.group(child)
        let to = try target.makeGroup(child, like: from)
        try to.attributes.copyAll(from: from.attributes)
        for name in try from.childNames() {
            try copy(
                name,
                from: from,
                to: to,
                weights: inside ?? weights,
                prefix: prefix.map { "\($0)/\(name)" } ?? name
            )
        }
    }
}

extension Tensor {
    /// Whether shape and every bit are the same, which `==` does not say of zeros and NaNs.
    fileprivate func isBitIdentical(to other: Tensor) -> Bool {
        shape == other.shape
            && zip(values, other.values).allSatisfy { $0.bitPattern == $1.bitPattern }
    }
}
