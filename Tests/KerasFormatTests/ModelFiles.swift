import Foundation
import HDF5

/// The model files the tests read, found from this file's own place.
enum ModelFiles {
    private static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The committed fixtures, made by `Tests/Fixtures/generate/models.py`.
    static let fixtures = files(in: package.appending(path: "Tests/Fixtures/keras"))

    /// The same models as some of the fixtures, with the same weights, in Keras 3's own format.
    static let archives = files(
        in: package.appending(path: "Tests/Fixtures/keras"),
        ending: [".keras"]
    )

    /// The golden files of single layers and small networks, each with a model inside.
    static let golden = files(in: package.appending(path: "Tests/Fixtures/golden"))

    /// The models beside the package, or under ESPALIER_SHARED; none where there is no such folder.
    static let shared: [String] = {
        let given = ProcessInfo.processInfo.environment["ESPALIER_SHARED"]
        let folder =
            given.map { URL(fileURLWithPath: $0) }
            ?? package.deletingLastPathComponent().appending(path: "shared")
        return files(in: folder.appending(path: "models"))
            + files(in: folder.appending(path: "models/wild"))
    }()

    static func fixture(_ name: String) throws -> [UInt8] {
        try bytes(package.appending(path: "Tests/Fixtures/keras/\(name).h5").path)
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private static func files(
        in folder: URL,
        ending endings: [String] = [".h5", ".hdf5"]
    ) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { name in endings.contains { name.hasSuffix($0) } }.sorted()
            .map { folder.appending(path: $0).path }
    }
}

/// Everything two groups differ in, by path: children, attributes with their text layout, shapes, types and elements.
func differences(_ left: HDF5Group, _ right: HDF5Group) throws -> [String] {
    var found = try differences(left.attributes, right.attributes, at: left.path)
    let names = try left.childNames()
    if names != (try right.childNames()) { found.append("\(left.path): children") }
    for name in names {
        guard let kind = try right.kind(of: name) else { continue }
        switch kind {
        case .group: found += try differences(left.group(name), right.group(name))
        case .dataset: found += try differences(left.dataset(name), right.dataset(name))
        case .other: found.append("\(left.path)/\(name): unknown")
        }
    }
    return found
}

private func differences(_ left: HDF5Dataset, _ right: HDF5Dataset) throws -> [String] {
    var found = try differences(left.attributes, right.attributes, at: left.path)
    if left.shape != right.shape || left.elementType != right.elementType {
        found.append("\(left.path): \(left.shape) and \(right.shape)")
    } else if left.elementType.isNumber,
        try left.readFloats().map(\.bitPattern) != right.readFloats().map(\.bitPattern)
    {
        found.append("\(left.path): elements")
    }
    return found
}

private func differences(
    _ left: HDF5Attributes,
    _ right: HDF5Attributes,
    at path: String
) throws -> [String] {
    guard try left.names() == right.names() else { return ["\(path): attribute names"] }
    return try left.names().filter { name in
        let type = try left.elementType(of: name)
        guard try type == right.elementType(of: name),
            try left.shape(of: name) == right.shape(of: name)
        else { return true }
        guard type == .string else { return try left.floats(name) != right.floats(name) }
        return try left.strings(name) != right.strings(name)
            || left.stringLayout(of: name) != right.stringLayout(of: name)
    }.map { "\(path)@\($0)" }
}
