import HDF5
import Tensors

/// Where a file keeps the weights of each layer: by layer names in the legacy format, by classes in a `.keras` archive.
struct WeightStore {
    /// The two formats.
    enum Format {
        /// One group per outer layer, with a list of its weights' names.
        case legacy(WeightFile)
        /// The `model.weights.h5` of an archive: `layers/CLASS_NUMBER/vars/N`, nested models below their own.
        case archive(HDF5Group)
    }

    /// How many weights a layer of the flat list has in the file, and which of them gradient training changes.
    typealias StoredTrainability = (Int) throws(KerasError) -> [Bool]

    let format: Format

    /// The group that all paths are below.
    var group: HDF5Group {
        switch format {
        case .legacy(let file): file.group
        case .archive(let group): group
        }
    }

    /// For each layer of the flat list the paths of its weights, in Keras' order.
    func paths(
        of model: ModelConfiguration,
        trainability: StoredTrainability
    ) throws(KerasError) -> [Int: [String]] {
        switch format {
        case .legacy(let file):
            try legacyPaths(of: model, in: file, trainability: trainability)
        case .archive(let group):
            try Self.archivePaths(of: model.entries, below: "", in: group, model: model)
        }
    }

    /// A nested model has one list for all its layers: first what training changes, then the rest.
    private func legacyPaths(
        of model: ModelConfiguration,
        in file: WeightFile,
        trainability: StoredTrainability
    ) throws(KerasError) -> [Int: [String]] {
        var found: [Int: [String]] = [:]
        for entry in model.entries {
            switch entry {
            case .layer(let position):
                found[position] = try file.paths(ofLayer: model.layers[position].name)
            case .model(let position, let entries):
                let paths = try file.paths(ofLayer: model.layers[position].name)
                let order = try Self.legacyOrder(
                    position,
                    entries,
                    model: model,
                    trainability: trainability
                )
                guard order.count == paths.count else {
                    throw .weightCount(
                        layer: model.layers[position].name,
                        className: model.layers[position].configuration.className,
                        expected: order.count,
                        found: paths.count
                    )
                }
                for (place, path) in zip(order, paths) {
                    found[place.layer, default: []].append(path)
                }
                for layer in Set(order.map(\.layer)) {
                    // Back into the layer's own order, in which a frozen one's statistics may come first.
                    let own = zip(order, paths).filter { $0.0.layer == layer }
                        .sorted { $0.0.weight < $1.0.weight }
                    found[layer] = own.map(\.1)
                }
            }
        }
        return found
    }

    private struct Place {
        var layer: Int
        var weight: Int
        var isTrainable: Bool
    }

    private static func legacyOrder(
        _ position: Int,
        _ entries: [ModelEntry],
        model: ModelConfiguration,
        trainability: StoredTrainability
    ) throws(KerasError) -> [Place] {
        var places: [Place] = []
        for layer in entries.flatMap(\.layers) {
            let isTrainable = try model.layers[layer].configuration.flag("trainable", default: true)
            for (weight, isOwn) in try trainability(layer).enumerated() {
                places.append(
                    Place(layer: layer, weight: weight, isTrainable: isOwn && isTrainable)
                )
            }
        }
        guard try model.layers[position].configuration.flag("trainable", default: true) else {
            return places
        }
        return places.filter(\.isTrainable) + places.filter { !$0.isTrainable }
    }

    /// The names `.keras` files have had for the group of a model's layers.
    private static let containers = ["layers", "_layer_checkpoint_dependencies"]

    /// Layers are numbered within their class, in the order of the configuration.
    private static func archivePaths(
        of entries: [ModelEntry],
        below path: String,
        in group: HDF5Group,
        model: ModelConfiguration
    ) throws(KerasError) -> [Int: [String]] {
        var found: [Int: [String]] = [:]
        var numbers: [String: Int] = [:]
        let container = try KerasError.hdf5 { () throws(HDF5Error) in
            for name in containers where try group.kind(of: path + name) == .group {
                return path + name
            }
            return path + containers[0]
        }
        for entry in entries {
            let layer = model.layers[entry.position]
            guard !layer.configuration.config.range.isEmpty else { continue }
            let name = snakeCase(layer.configuration.className)
            let number = numbers[name, default: 0]
            numbers[name] = number + 1
            let own = "\(container)/\(number == 0 ? name : "\(name)_\(number)")"
            switch entry {
            case .layer(let position):
                found[position] = try variables(at: own + "/vars", in: group)
            case .model(_, let inner):
                found.merge(
                    try archivePaths(of: inner, below: own + "/", in: group, model: model)
                ) { first, _ in first }
            }
        }
        return found
    }

    private static func variables(
        at path: String,
        in group: HDF5Group
    ) throws(KerasError) -> [String] {
        try KerasError.hdf5 { () throws(HDF5Error) in
            guard try group.kind(of: path) == .group else { return [] }
            let numbers = try group.group(path).childNames().compactMap { Int($0) }
            return numbers.sorted().map { "\(path)/\($0)" }
        }
    }

    /// Keras' own conversion of a class name: `Conv2DTranspose` to `conv2d_transpose`, `ReLU` to `re_lu`.
    static func snakeCase(_ className: String) -> String {
        let letters = Array(
            className.filter { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" }
        )
        var result = ""
        for (index, letter) in letters.enumerated() {
            if index > 0, letter.isUppercase {
                let before = letters[index - 1]
                let startsWord = index + 1 < letters.count && letters[index + 1].isLowercase
                if before.isLowercase || startsWord { result.append("_") }
            }
            result.append(contentsOf: letter.lowercased())
        }
        return result
    }
}

extension ModelEntry {
    /// The position of the layer or model itself.
    var position: Int {
        switch self {
        case .layer(let position), .model(let position, _): position
        }
    }

    /// The positions of all layers in it, nested models' included.
    var layers: [Int] {
        switch self {
        case .layer(let position): [position]
        case .model(_, let entries): entries.flatMap(\.layers)
        }
    }
}
