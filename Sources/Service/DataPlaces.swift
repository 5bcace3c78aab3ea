import Foundation
import Glibc
import JobFiles

/// The folders in which a data file that a spec names is looked for, in order.
struct DataPlaces {
    let folders: [String]
    /// Whether a file may be in none but these folders, wherever its name or a link leads.
    var isConfined = false

    /// The first place where the file is; an absolute path is its own only place.
    func path(of name: String) throws(JobFailure) -> String {
        let places = name.hasPrefix("/") ? [name] : folders.map { "\($0)/\(name)" }
        let found = places.first { FileManager.default.fileExists(atPath: $0) }
        guard let path = found, !name.utf8.contains(0) else {
            // Nobody is told whether there is a file where none is allowed.
            let isOutside = name.hasPrefix("/") && !folders.contains { name.hasPrefix("\($0)/") }
            guard isConfined, isOutside else { throw .dataMissing(name, places: places) }
            throw .dataForbidden(name, folders: folders)
        }
        guard isConfined else { return path }
        // What is allowed is the file the links lead to now, so that is what is read.
        guard let file = Self.followed(path), folders.contains(where: { Self.holds($0, file) })
        else { throw .dataForbidden(name, folders: folders) }
        return file
    }

    /// Whether a path without links is below a folder once the folder's links are followed.
    private static func holds(_ folder: String, _ path: String) -> Bool {
        guard let outer = followed(folder) else { return false }
        return outer == "/" || path.hasPrefix(outer + "/")
    }

    private static func followed(_ path: String) -> String? {
        guard let buffer = realpath(path, nil) else { return nil }
        defer { free(buffer) }
        return String(cString: buffer)
    }
}
