import HDF5

/// What a model's file says before anything in it is understood: configuration, version, and where the weights are.
struct KerasFile {
    let format: KerasModel.FileFormat
    /// The configuration's text.
    let configuration: String
    /// The Keras that wrote the file, where it says.
    let version: String?
    let weights: WeightStore

    static let configurationName = "model_config"
    /// The entries of an archive that hold a model.
    static let configurationEntry = "config.json"
    static let metadataEntry = "metadata.json"
    static let weightsEntry = "model.weights.h5"
    /// The most bytes the entries of an archive may have together.
    private static let archiveLimit = 4 << 30

    init(_ image: [UInt8]) throws(KerasError) {
        if ZipArchive.isArchive(image) {
            try self.init(archive: try Self.archive(image))
        } else {
            try self.init(legacy: image)
        }
    }

    static func archive(_ image: [UInt8]) throws(KerasError) -> ZipArchive {
        do {
            return try ZipArchive(image, limit: archiveLimit)
        } catch {
            throw .archive(error)
        }
    }

    private init(legacy image: [UInt8]) throws(KerasError) {
        let file = try KerasError.hdf5 { () throws(HDF5Error) in try HDF5File(image: image) }
        let (text, version, weightFile) = try KerasError.hdf5 { () throws(HDF5Error) in
            (
                try file.root.attributes.contains(Self.configurationName)
                    ? try file.root.attributes.string(Self.configurationName) : nil,
                try Self.storedVersion(file.root), try WeightFile(root: file.root)
            )
        }
        guard let text else {
            throw .notAModel(
                found:
                    "no \(Self.configurationName) attribute; save the whole model, not its weights"
            )
        }
        configuration = text
        self.version = version
        weights = WeightStore(format: .legacy(weightFile))
        format = .legacyHDF5
    }

    private init(archive: ZipArchive) throws(KerasError) {
        guard let text = archive[Self.configurationEntry] else {
            throw .notAModel(found: "an archive without \(Self.configurationEntry)")
        }
        guard let stored = archive[Self.weightsEntry] else {
            let found = archive.entries.map(\.name).filter { $0.hasPrefix("model") }
            throw .notAModel(
                found: found.isEmpty
                    ? "an archive without \(Self.weightsEntry)"
                    : "weights in \(found.joined(separator: ", ")); save them in one file"
            )
        }
        configuration = String(decoding: text, as: UTF8.self)
        version = archive[Self.metadataEntry].flatMap {
            Self.version(inMetadata: String(decoding: $0, as: UTF8.self))
        }
        let group = try KerasError.hdf5 { () throws(HDF5Error) in
            try HDF5File(image: stored).root
        }
        weights = WeightStore(format: .archive(group))
        format = .archive
    }

    /// The version in the metadata; nil where the metadata is not understood, which costs nothing.
    private static func version(inMetadata text: String) -> String? {
        do {
            return try JSONDocument(text).root["keras_version"]?.string
        } catch {
            return nil
        }
    }

    /// The version stands at the root and, in some files, at the weights.
    private static func storedVersion(_ root: HDF5Group) throws(HDF5Error) -> String? {
        let key = "keras_version"
        if try root.attributes.contains(key) { return try root.attributes.string(key) }
        guard try root.kind(of: WeightFile.usualName) == .group else { return nil }
        let weights = try root.group(WeightFile.usualName).attributes
        return try weights.contains(key) ? try weights.string(key) : nil
    }
}
